import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import './holm-avatar.ts';

export interface MemberLine {
  readonly userId: string;
  readonly name: string;
  readonly rank: 'creator' | 'admin' | 'moderator' | 'member';
  readonly isInvited: boolean;
}

/** The people of a room. */
export class HolmMemberList extends LitElement {
  static override properties = { members: { attribute: false } };
  declare members: readonly MemberLine[];

  static override styles = [
    controls,
    css`
      ul {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0 var(--holm-3);
        align-items: center;
        padding: 0.375rem 0;
      }
      holm-avatar {
        --holm-avatar: 2.125rem;
        grid-row: span 2;
      }
      .invited holm-avatar {
        opacity: 0.5;
      }
      .name,
      .id {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        line-height: 1.3;
      }
      .name {
        font-weight: 550;
      }
      .id {
        grid-column: 2 / -1;
        color: var(--holm-text-faint);
        font-size: var(--holm-text-xs);
      }
      .badge {
        padding: 0.0625rem 0.4375rem;
        border-radius: var(--holm-round-full);
        background: var(--holm-accent-soft);
        color: var(--holm-accent);
        font-size: 0.6875rem;
        font-weight: 650;
      }
      .badge.faint {
        background: var(--holm-hover);
        color: var(--holm-text-soft);
      }
    `,
  ];

  constructor() {
    super();
    this.members = [];
  }

  override render() {
    return html`<ul aria-label=${t.members}>
      ${repeat(
        this.members,
        ({ userId }) => userId,
        (member) => html`
          <li class=${member.isInvited ? 'invited' : ''}>
            <holm-avatar .name=${member.name} .seed=${member.userId}></holm-avatar>
            <span class="name">${member.name}</span>
            ${badge(member)}
            <span class="id">${member.userId}</span>
          </li>
        `,
      )}
    </ul>`;
  }
}

const badge = ({ rank, isInvited }: MemberLine) => {
  if (isInvited) return html`<span class="badge faint">${t.invited}</span>`;
  return rank === 'member' ? nothing : html`<span class="badge">${t.rank[rank]}</span>`;
};

customElements.define('holm-member-list', HolmMemberList);
