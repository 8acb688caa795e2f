import { css, html, LitElement, type PropertyValues } from 'lit';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import { icon } from './icons.ts';

/**
 * A modal window. The browser's own `dialog` keeps the focus in and closes on Escape.
 *
 * @fires holm-close - it was closed, by whatever means
 */
export class HolmDialog extends LitElement {
  static override properties = { heading: {}, open: { type: Boolean } };
  declare heading: string;
  declare open: boolean;

  static override styles = [
    controls,
    css`
      dialog {
        width: min(27rem, calc(100vw - 2rem));
        max-height: calc(100dvh - 2rem);
        padding: 0;
        border: 1px solid var(--holm-line);
        border-radius: var(--holm-round-l);
        background: var(--holm-raised);
        color: var(--holm-text);
        box-shadow: var(--holm-shadow);
      }
      dialog::backdrop {
        background: light-dark(rgb(10 30 36 / 40%), rgb(0 0 0 / 60%));
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--holm-3);
        padding: var(--holm-4) var(--holm-4) 0 var(--holm-5);
      }
      h2 {
        font-size: var(--holm-text-l);
        font-weight: 650;
        overflow-wrap: anywhere;
      }
      .body {
        padding: var(--holm-3) var(--holm-5) var(--holm-5);
      }
    `,
  ];

  constructor() {
    super();
    this.heading = '';
    this.open = false;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('open')) return;
    const dialog = this.renderRoot.querySelector('dialog');
    if (this.open && dialog?.open === false) {
      dialog.showModal();
      this.querySelector<HTMLElement>('[autofocus]')?.focus();
    }
    if (!this.open && dialog?.open === true) dialog.close();
  }

  override render() {
    return html`
      <dialog aria-labelledby="heading" @close=${this.#closed} @click=${this.#clicked}>
        <header>
          <h2 id="heading">${this.heading}</h2>
          <button class="icon-button" type="button" aria-label=${t.close} @click=${this.#dismiss}>
            ${icon('close')}
          </button>
        </header>
        <div class="body"><slot></slot></div>
      </dialog>
    `;
  }

  #dismiss(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  /** A click on the backdrop is a click on the dialog itself, outside its content. */
  #clicked(event: MouseEvent): void {
    if (event.target === event.currentTarget && !isInside(event)) this.#dismiss();
  }

  #closed(): void {
    this.dispatchEvent(new CustomEvent('holm-close', { bubbles: true, composed: true }));
  }
}

const isInside = ({ clientX, clientY, currentTarget }: MouseEvent): boolean => {
  const box = (currentTarget as HTMLElement).getBoundingClientRect();
  return clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
};

customElements.define('holm-dialog', HolmDialog);
