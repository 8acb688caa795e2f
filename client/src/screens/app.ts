import { css, html, LitElement, type PropertyValues } from 'lit';
import { controls } from '../elements/controls.ts';
import { mark } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';
import './sign-in.ts';
import './sign-up.ts';

/** The whole page. */
export class HolmApp extends LitElement {
  static override properties = { app: { attribute: false } };
  declare app: AppModel;

  static override styles = [
    controls,
    css`
      .splash {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: var(--holm-4);
        height: 100%;
        padding: var(--holm-5);
        color: var(--holm-text-soft);
      }
      .splash svg {
        animation: breathe 1.6s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.55;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .splash svg {
          animation: none;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Observe(this, () => [this.app.stage, this.app.theme.theme]);
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    document.documentElement.dataset['theme'] = this.app.theme.theme.get();
    // Only those who are signed in need the rest of the program.
    const { is } = this.app.stage.get();
    if (is === 'home' || is === 'starting') void import('./home.ts');
  }

  override render() {
    const stage = this.app.stage.get();
    switch (stage.is) {
      case 'starting':
        return html`<div class="splash" role="status" aria-label=${t.loading}>${mark(56)}</div>`;
      case 'stuck':
        return html`<div class="splash">
          ${mark(56)} ${problemBox(stage.problem)}
          <button class="button" @click=${() => void this.app.start()}>${t.tryAgain}</button>
        </div>`;
      case 'sign-in':
        return html`<holm-sign-in .app=${this.app} .because=${stage.because}></holm-sign-in>`;
      case 'sign-up':
        return html`<holm-sign-up .app=${this.app} .token=${stage.token}></holm-sign-up>`;
      case 'home':
        return html`<holm-home .app=${this.app} .home=${stage.home}></holm-home>`;
    }
  }
}

customElements.define('holm-app', HolmApp);
