import { css, html, LitElement } from 'lit';
import { t } from '../i18n/words.ts';

/** Grey shapes of what is about to be there. */
export class HolmSkeleton extends LitElement {
  static override properties = { rows: { type: Number } };
  declare rows: number;

  static override styles = css`
    :host {
      display: grid;
      gap: 1.125rem;
      padding: var(--holm-3);
    }
    .row {
      display: grid;
      grid-template-columns: 2.5rem 1fr;
      gap: 0.375rem var(--holm-3);
      align-items: center;
    }
    .row > * {
      height: 0.625rem;
      border-radius: var(--holm-round-full);
      background: var(--holm-line);
      animation: breathe 1.4s ease-in-out infinite;
    }
    .face {
      grid-row: span 2;
      height: 2.5rem;
      border-radius: 50%;
    }
    .name {
      width: 45%;
    }
    .text {
      width: 80%;
    }
    .row:nth-child(2n) .text {
      width: 62%;
    }
    @keyframes breathe {
      50% {
        opacity: 0.45;
      }
    }
    @media (prefers-reduced-motion: reduce) {
      .row > * {
        animation: none;
      }
    }
  `;

  constructor() {
    super();
    this.rows = 6;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'status');
    this.setAttribute('aria-label', t.loading);
  }

  override render() {
    return Array.from(
      { length: this.rows },
      () => html`<div class="row"><span class="face"></span><span class="name"></span><span class="text"></span></div>`,
    );
  }
}

customElements.define('holm-skeleton', HolmSkeleton);
