import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { controls } from '../elements/controls.ts';
import { field, fieldStyles, formValues } from '../elements/field.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import { routeTo } from '../models/route.ts';
import { door, doorStyles } from './door.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

const PARTICULAR = { M_FORBIDDEN: t.signUpClosed, M_UNAUTHORIZED: t.badToken };

export class HolmSignUp extends LitElement {
  static override properties = { app: { attribute: false }, token: { attribute: false } };
  declare app: AppModel;
  /** From the sign-up link. */
  declare token: string | undefined;

  static override styles = [controls, fieldStyles, doorStyles];

  constructor() {
    super();
    new Observe(this, () => [this.app.signUp.submit.state, this.app.signUp.token]);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('token')) return;
    this.app.signUp.submit.reset();
    if (this.token !== undefined) void this.app.signUp.check(this.token);
  }

  override render() {
    const { isBusy, problem } = this.app.signUp.submit.state.get();
    return door(
      this.token === undefined ? t.signUpTitle : t.invitedTitle,
      html`
        ${this.#tokenNote()}
        <form @submit=${this.#submit}>
          ${problemBox(problem, PARTICULAR)}
          ${field({
            name: 'username',
            label: t.username,
            autocomplete: 'username',
            hint: t.usernameHint,
            isFirst: true,
          })}
          ${field({ name: 'password', label: t.password, type: 'password', autocomplete: 'new-password' })}
          ${field({ name: 'repeated', label: t.repeatPassword, type: 'password', autocomplete: 'new-password' })}
          ${this.#tokenField()}
          ${
            this.token === undefined
              ? field({ name: 'homeserver', label: t.homeserver, value: this.app.homeserver, hint: t.homeserverHint })
              : nothing
          }
          <button class="button" type="submit" ?disabled=${isBusy}>
            ${isBusy ? t.creatingAccount : t.createAccount}
          </button>
        </form>
        <p class="other">${t.haveAccount} <a class="link" href=${routeTo.login}>${t.signIn}</a></p>
      `,
    );
  }

  #tokenNote(): TemplateResult | typeof nothing {
    if (this.token === undefined) return nothing;
    switch (this.app.signUp.token.get()) {
      case 'checking':
        return html`<p class="note" role="status">${t.tokenChecking}</p>`;
      case 'valid':
        return html`<p class="note" role="status">${t.tokenValid} ${t.invitedText}</p>`;
      case 'spent':
        return html`<p class="problem" role="alert">${t.tokenSpent}</p>`;
      case 'asked':
      case 'unknown':
      case 'unneeded':
        return html`<p class="note">${t.invitedText}</p>`;
    }
  }

  #tokenField(): TemplateResult | typeof nothing {
    const isAsked = this.token === undefined && this.app.signUp.token.get() === 'asked';
    return isAsked ? field({ name: 'token', label: t.token, hint: t.tokenHint }) : nothing;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const { username = '', password = '', repeated = '', homeserver = '', token = '' } = formValues(event);
    void this.app.signUp.submit.run({ username, password, repeated, homeserver, token: this.token ?? token });
  }
}

customElements.define('holm-sign-up', HolmSignUp);
