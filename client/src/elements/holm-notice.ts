import { css, html, LitElement } from 'lit';

/** Something that happened, in small print in the middle of a timeline; or the name of a day. */
export class HolmNotice extends LitElement {
  static override properties = { text: {}, time: {}, isDay: { type: Boolean, reflect: true, attribute: 'day' } };
  declare text: string;
  declare time: string;
  declare isDay: boolean;

  static override styles = css`
    :host {
      display: block;
      padding: 0.25rem 0;
      color: var(--holm-text-faint);
      font-size: var(--holm-text-s);
      line-height: 1.4;
      text-align: center;
      overflow-wrap: anywhere;
    }
    :host([day]) {
      display: flex;
      align-items: center;
      gap: var(--holm-3);
      padding: var(--holm-4) 0 var(--holm-2);
      color: var(--holm-text-soft);
      font-size: var(--holm-text-xs);
      font-weight: 600;
    }
    :host([day])::before,
    :host([day])::after {
      content: '';
      flex: 1;
      height: 1px;
      background: var(--holm-line);
    }
  `;

  constructor() {
    super();
    this.text = '';
    this.time = '';
    this.isDay = false;
  }

  override render() {
    return html`<span title=${this.time}>${this.text}</span>`;
  }
}

customElements.define('holm-notice', HolmNotice);
