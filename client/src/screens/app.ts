import { css, html, LitElement, type TemplateResult } from 'lit';
import { controls } from '../elements/controls.ts';
import { mark } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import type { Problem } from '../models/problem.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';
import './sign-in.ts';
import './sign-up.ts';

/** The whole page. */
export class HolmApp extends LitElement {
  static override properties = { app: { attribute: false }, lacksHome: { state: true } };
  declare app: AppModel;
  /** The part of the program for those who are signed in could not be fetched. */
  declare private lacksHome: boolean;

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
    this.lacksHome = false;
    new Observe(this, () => [this.app.stage, this.app.theme.theme]);
  }

  protected override willUpdate(): void {
    document.documentElement.dataset['theme'] = this.app.theme.theme.get();
    const { is } = this.app.stage.get();
    if (is === 'home' || is === 'starting') void this.#loadHome();
  }

  override render() {
    const stage = this.app.stage.get();
    switch (stage.is) {
      case 'starting':
        return html`<div class="splash" role="status" aria-label=${t.loading}>${mark(56)}</div>`;
      case 'stuck':
        return stuck(stage.problem, () => void this.app.start());
      case 'sign-in':
        return html`<holm-sign-in .app=${this.app} .because=${stage.because}></holm-sign-in>`;
      case 'sign-up':
        return html`<holm-sign-up .app=${this.app} .token=${stage.token}></holm-sign-up>`;
      case 'home':
        if (this.lacksHome) return stuck({ code: 'offline' }, () => (this.lacksHome = false));
        return html`<holm-home .app=${this.app} .home=${stage.home}></holm-home>`;
    }
  }

  async #loadHome(): Promise<void> {
    if (this.lacksHome) return;
    try {
      await import('./home.ts');
    } catch {
      this.lacksHome = true;
    }
  }
}

const stuck = (problem: Problem, tryAgain: () => void): TemplateResult => html`
  <div class="splash">
    ${mark(56)} ${problemBox(problem)}
    <button class="button" @click=${tryAgain}>${t.tryAgain}</button>
  </div>
`;

customElements.define('holm-app', HolmApp);
