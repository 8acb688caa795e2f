import { css, html, LitElement } from 'lit';
import { controls } from './controls.ts';
import { mark } from './icons.ts';

/** What stands where there is nothing yet, with what can be done about it in the slot. */
export class HolmEmpty extends LitElement {
  static override properties = { heading: {}, text: {} };
  declare heading: string;
  declare text: string;

  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        place-items: center;
        padding: var(--holm-5);
        text-align: center;
      }
      div {
        display: grid;
        justify-items: center;
        gap: var(--holm-3);
        max-width: 24rem;
      }
      h2 {
        font-size: var(--holm-text-l);
        font-weight: 650;
        overflow-wrap: anywhere;
      }
      p {
        color: var(--holm-text-soft);
      }
      svg {
        margin-bottom: var(--holm-2);
      }
    `,
  ];

  constructor() {
    super();
    this.heading = '';
    this.text = '';
  }

  override render() {
    return html`
      <div>
        <slot name="picture">${mark(56)}</slot>
        <h2>${this.heading}</h2>
        <p>${this.text}</p>
        <slot></slot>
      </div>
    `;
  }
}

customElements.define('holm-empty', HolmEmpty);
