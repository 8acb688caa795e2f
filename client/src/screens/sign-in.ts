import { html, LitElement } from 'lit';
import { controls } from '../elements/controls.ts';
import { field, fieldStyles, formValues } from '../elements/field.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import type { Problem } from '../models/problem.ts';
import { routeTo } from '../models/route.ts';
import { door, doorStyles } from './door.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

const PARTICULAR = { M_FORBIDDEN: t.wrongPassword };

export class HolmSignIn extends LitElement {
  static override properties = { app: { attribute: false }, because: { attribute: false } };
  declare app: AppModel;
  /** Why they are here again. */
  declare because: Problem | undefined;

  static override styles = [controls, fieldStyles, doorStyles];

  constructor() {
    super();
    new Observe(this, () => [this.app.signIn.submit.state]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.app.signIn.submit.reset();
  }

  override render() {
    const { isBusy, problem } = this.app.signIn.submit.state.get();
    return door(
      t.signInTitle,
      html`
        <form @submit=${this.#submit}>
          ${problemBox(problem ?? this.because, PARTICULAR)}
          ${field({ name: 'username', label: t.username, autocomplete: 'username', isFirst: true })}
          ${field({ name: 'password', label: t.password, type: 'password', autocomplete: 'current-password' })}
          ${field({ name: 'homeserver', label: t.homeserver, value: this.app.homeserver, hint: t.homeserverHint })}
          <button class="button" type="submit" ?disabled=${isBusy}>${isBusy ? t.signingIn : t.signIn}</button>
        </form>
        <p class="other">${t.noAccount} <a class="link" href=${routeTo.register}>${t.createAccount}</a></p>
      `,
    );
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const { username = '', password = '', homeserver = '' } = formValues(event);
    void this.app.signIn.submit.run({ username, password, homeserver });
  }
}

customElements.define('holm-sign-in', HolmSignIn);
