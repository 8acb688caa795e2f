import { css, html, LitElement } from 'lit';
import { controls } from './controls.ts';
import { icon } from './icons.ts';

/** A line above everything else, with what can be done about it in the slot. */
export class HolmBanner extends LitElement {
  static override properties = { text: {} };
  declare text: string;

  static override styles = [
    controls,
    css`
      div {
        display: flex;
        align-items: center;
        justify-content: center;
        gap: var(--holm-2) var(--holm-3);
        padding: 0.4375rem var(--holm-4);
        background: var(--holm-warn-soft);
        color: var(--holm-warn);
        font-size: var(--holm-text-s);
        font-weight: 550;
      }
    `,
  ];

  constructor() {
    super();
    this.text = '';
  }

  override render() {
    return html`<div role="status">${icon('alert', 16)}<span>${this.text}</span><slot></slot></div>`;
  }
}

customElements.define('holm-banner', HolmBanner);
