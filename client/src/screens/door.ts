import { css, html, type TemplateResult } from 'lit';
import { mark } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';

/** What signing in and signing up have in common: the name of the house, and a card. */
export const door = (heading: string, content: TemplateResult): TemplateResult => html`
  <main>
    <div class="house">
      ${mark(48)}
      <span class="product">${t.product}</span>
      <span class="tagline">${t.tagline}</span>
    </div>
    <section class="card" aria-labelledby="heading">
      <h1 id="heading">${heading}</h1>
      ${content}
    </section>
  </main>
`;

export const doorStyles = css`
  :host {
    display: block;
    height: 100%;
    overflow-y: auto;
  }
  main {
    display: grid;
    align-content: center;
    justify-items: center;
    gap: var(--holm-5);
    min-height: 100%;
    padding: var(--holm-6) var(--holm-4);
  }
  .house {
    display: grid;
    grid-template-columns: auto auto;
    align-items: center;
    column-gap: var(--holm-3);
  }
  .house svg {
    grid-row: span 2;
  }
  .product {
    font-size: var(--holm-text-xl);
    font-weight: 750;
    letter-spacing: -0.02em;
    line-height: 1.15;
  }
  .tagline {
    color: var(--holm-text-soft);
    font-size: var(--holm-text-s);
  }
  .card {
    display: grid;
    gap: var(--holm-4);
    width: min(24rem, 100%);
    padding: var(--holm-5);
    border: 1px solid var(--holm-line);
    border-radius: var(--holm-round-l);
    background: var(--holm-surface);
    box-shadow: var(--holm-shadow);
  }
  h1 {
    font-size: 1.25rem;
    font-weight: 700;
    letter-spacing: -0.01em;
  }
  form {
    display: grid;
    gap: var(--holm-4);
  }
  form .button {
    margin-top: var(--holm-1);
  }
  .other {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--holm-2);
    justify-content: center;
    color: var(--holm-text-soft);
    font-size: var(--holm-text-s);
  }
  .note {
    color: var(--holm-text-soft);
    font-size: var(--holm-text-s);
  }
`;
