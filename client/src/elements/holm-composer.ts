import { css, html, LitElement, type PropertyValues } from 'lit';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import { icon } from './icons.ts';

/**
 * Where messages are written. Enter sends, Shift+Enter begins a new line.
 *
 * @fires holm-write - `detail` is the whole text
 * @fires holm-send
 */
export class HolmComposer extends LitElement {
  static override properties = { text: {}, hint: {} };
  declare text: string;
  declare hint: string;

  static override styles = [
    controls,
    css`
      :host {
        display: block;
      }
      form {
        display: flex;
        align-items: flex-end;
        gap: var(--holm-2);
        max-width: 54rem;
        margin: 0 auto;
        padding: 0.25rem 0.25rem 0.25rem var(--holm-4);
        border: 1px solid var(--holm-line-strong);
        border-radius: 1.5rem;
        background: var(--holm-raised);
      }
      form:focus-within {
        border-color: var(--holm-accent);
        box-shadow: 0 0 0 1px var(--holm-accent);
      }
      textarea {
        flex: 1;
        min-width: 0;
        max-height: 40dvh;
        padding: 0.4375rem 0;
        border: 0;
        background: transparent;
        /* Below 16 px, phones zoom into the field. */
        font-size: 1rem;
        line-height: 1.4;
        resize: none;
      }
      textarea:focus-visible {
        outline: none;
      }
      textarea::placeholder {
        color: var(--holm-text-faint);
        white-space: nowrap;
      }
      button.send {
        width: 2.375rem;
        height: 2.375rem;
        border-radius: 50%;
        background: var(--holm-accent);
        color: var(--holm-on-accent);
      }
      button.send:hover {
        background: var(--holm-accent-hover);
        color: var(--holm-on-accent);
      }
      button.send[disabled] {
        background: transparent;
        color: var(--holm-text-faint);
        cursor: default;
      }
    `,
  ];

  constructor() {
    super();
    this.text = '';
    this.hint = '';
  }

  override focus(): void {
    void this.updateComplete.then(() => this.#area?.focus());
  }

  get #area(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('textarea');
  }

  protected override updated(changed: PropertyValues<this>): void {
    const area = this.#area;
    if (!changed.has('text') || !area) return;
    area.style.height = 'auto';
    area.style.height = `${String(area.scrollHeight)}px`;
  }

  override render() {
    return html`
      <form @submit=${this.#submit}>
        <textarea
          rows="1"
          aria-label=${t.message}
          placeholder=${this.hint}
          .value=${this.text}
          @input=${this.#input}
          @keydown=${this.#key}
        ></textarea>
        <button class="icon-button send" type="submit" aria-label=${t.send} ?disabled=${this.text.trim() === ''}>
          ${icon('send')}
        </button>
      </form>
    `;
  }

  #input(): void {
    this.dispatchEvent(new CustomEvent('holm-write', { detail: this.#area?.value ?? '' }));
  }

  #key(event: KeyboardEvent): void {
    // While an input method is composing, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    this.dispatchEvent(new CustomEvent('holm-send'));
    this.#area?.focus();
  }
}

customElements.define('holm-composer', HolmComposer);
