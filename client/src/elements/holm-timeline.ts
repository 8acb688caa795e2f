import { css, html, LitElement, nothing } from 'lit';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import { icon } from './icons.ts';

/** Further up than this, "newest" is out of sight. */
const FAR_PX = 320;

/**
 * A scrolling log. Its scroller runs in reverse, so that its zero is the newest message: what is added at the end
 * stays in view, and what is added at the beginning moves nothing.
 *
 * @fires holm-reach-start - the reader comes near the oldest message shown
 */
export class HolmTimeline extends LitElement {
  static override properties = {
    hasEarlier: { type: Boolean },
    isLoading: { type: Boolean },
    isHeld: { type: Boolean },
    isFar: { state: true },
  };
  declare hasEarlier: boolean;
  declare isLoading: boolean;
  /** Do not ask for earlier ones by itself: the last try failed. */
  declare isHeld: boolean;
  declare private isFar: boolean;

  #watch: IntersectionObserver | undefined;

  static override styles = [
    controls,
    css`
      :host {
        position: relative;
        display: block;
        min-height: 0;
      }
      .scroller {
        display: flex;
        flex-direction: column-reverse;
        height: 100%;
        overflow-y: auto;
        overscroll-behavior: contain;
        scrollbar-width: thin;
        scrollbar-color: var(--holm-line) transparent;
      }
      .scroller:focus-visible {
        outline-offset: -2px;
      }
      /* Keeps a short conversation at the bottom, by the composer. */
      .content {
        width: 100%;
        max-width: 56rem;
        margin: 0 auto;
        padding: var(--holm-4) var(--holm-4) var(--holm-3);
      }
      .start {
        min-height: 1.75rem;
        color: var(--holm-text-faint);
        font-size: var(--holm-text-s);
        text-align: center;
      }
      .newest {
        position: absolute;
        inset: auto 0 var(--holm-3);
        width: max-content;
        margin: 0 auto;
        border: 1px solid var(--holm-line);
        border-radius: var(--holm-round-full);
        background: var(--holm-raised);
        color: var(--holm-text);
        box-shadow: var(--holm-shadow);
      }
      .newest:hover {
        background: var(--holm-hover);
      }
    `,
  ];

  constructor() {
    super();
    this.hasEarlier = false;
    this.isLoading = false;
    this.isHeld = false;
    this.isFar = false;
  }

  /** The host itself is the log: the messages are its children, not the scroller's. */
  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'log');
    this.setAttribute('aria-label', t.messages);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
    this.#watch = undefined;
  }

  /** Goes to the newest message. */
  toNewest(): void {
    this.#scroller?.scrollTo({ top: 0 });
  }

  get #scroller(): HTMLElement | null {
    return this.renderRoot.querySelector('.scroller');
  }

  protected override updated(): void {
    const start = this.renderRoot.querySelector('.start');
    if (!start) return;
    // Observed afresh after each page: an observer only speaks when something changes, and the start may still be in view.
    this.#watch ??= new IntersectionObserver((seen) => this.#seen(seen), {
      root: this.#scroller,
      rootMargin: '600px 0px 0px',
    });
    this.#watch.disconnect();
    if (this.hasEarlier && !this.isLoading && !this.isHeld) this.#watch.observe(start);
  }

  override render() {
    return html`
      <div class="scroller" tabindex="0" @scroll=${this.#scrolled}>
        <div class="content">
          <div class="start">${this.#startText()}</div>
          <slot></slot>
        </div>
      </div>
      ${
        this.isFar
          ? html`<button class="button small newest" @click=${() => this.toNewest()}>
              ${icon('down', 16)} ${t.jumpToNewest}
            </button>`
          : nothing
      }
    `;
  }

  #startText() {
    if (this.isLoading) return t.loadingEarlier;
    return this.hasEarlier ? nothing : t.beginning;
  }

  #scrolled(): void {
    // Negative in a reversed scroller.
    this.isFar = (this.#scroller?.scrollTop ?? 0) < -FAR_PX;
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.#watch?.disconnect();
    this.dispatchEvent(new CustomEvent('holm-reach-start'));
  }
}

customElements.define('holm-timeline', HolmTimeline);
