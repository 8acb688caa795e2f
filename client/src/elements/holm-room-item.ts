import { css, html, LitElement, nothing } from 'lit';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import './holm-avatar.ts';

/** One room in the list: a link to it. */
export class HolmRoomItem extends LitElement {
  static override properties = {
    href: {},
    name: {},
    seed: {},
    preview: {},
    time: {},
    isUnread: { type: Boolean },
    count: { type: Number },
    isCurrent: { type: Boolean },
  };
  declare href: string;
  declare name: string;
  declare seed: string;
  declare preview: string;
  declare time: string;
  declare isUnread: boolean;
  declare count: number;
  declare isCurrent: boolean;

  static override styles = [
    controls,
    css`
      a {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: 0 var(--holm-3);
        align-items: center;
        padding: var(--holm-2) var(--holm-3);
        border-radius: var(--holm-round-m);
        color: inherit;
        text-decoration: none;
        transition: background var(--holm-quick);
      }
      a:hover {
        background: var(--holm-hover);
      }
      a[aria-current] {
        background: var(--holm-selected);
      }
      a:focus-visible {
        outline-offset: -2px;
      }
      holm-avatar {
        grid-row: span 2;
        --holm-avatar-round: 0.75rem;
      }
      .name,
      .preview {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .name {
        font-weight: 550;
      }
      .preview,
      .time {
        color: var(--holm-text-soft);
        font-size: var(--holm-text-s);
      }
      .time {
        font-size: var(--holm-text-xs);
        font-variant-numeric: tabular-nums;
      }
      .unread .name {
        font-weight: 700;
      }
      .unread .preview {
        color: var(--holm-text);
      }
      .mark {
        justify-self: end;
        min-width: 0.625rem;
        height: 0.625rem;
        border-radius: var(--holm-round-full);
        background: var(--holm-accent);
      }
      .mark.count {
        display: grid;
        place-items: center;
        min-width: 1.25rem;
        height: 1.25rem;
        padding: 0 0.375rem;
        color: var(--holm-on-accent);
        font-size: var(--holm-text-xs);
        font-weight: 700;
        line-height: 1;
      }
    `,
  ];

  constructor() {
    super();
    this.href = '';
    this.name = '';
    this.seed = '';
    this.preview = '';
    this.time = '';
    this.isUnread = false;
    this.count = 0;
    this.isCurrent = false;
  }

  override focus(): void {
    this.renderRoot.querySelector('a')?.focus();
  }

  override render() {
    return html`
      <a href=${this.href} class=${this.isUnread ? 'unread' : ''} aria-current=${this.isCurrent ? 'page' : nothing}>
        <holm-avatar .name=${this.name} .seed=${this.seed}></holm-avatar>
        <span class="name">${this.name}</span>
        <span class="time">${this.time}</span>
        <span class="preview">${this.preview}</span>
        ${this.#mark()}
      </a>
    `;
  }

  #mark() {
    if (!this.isUnread) return nothing;
    return this.count > 0
      ? html`<span class="mark count" aria-label=${t.unreadCount(this.count)}
          >${this.count > 99 ? '99+' : this.count}</span
        >`
      : html`<span class="mark" role="img" aria-label=${t.unread}></span>`;
  }
}

customElements.define('holm-room-item', HolmRoomItem);
