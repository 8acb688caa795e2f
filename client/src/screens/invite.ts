import { html, LitElement, nothing } from 'lit';
import { controls } from '../elements/controls.ts';
import { field, fieldStyles, formValues } from '../elements/field.ts';
import '../elements/holm-dialog.ts';
import { t } from '../i18n/words.ts';
import type { RoomModel } from '../models/room.ts';
import { dialogStyles } from './dialog.styles.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

export class HolmInvite extends LitElement {
  static override properties = { room: { attribute: false }, done: { state: true } };
  declare room: RoomModel;
  /** The last one invited; the dialog stays open for the next. */
  declare private done: string;

  static override styles = [controls, fieldStyles, dialogStyles];

  constructor() {
    super();
    this.done = '';
    new Observe(this, () => [this.room.members.invite.state, this.room.summary]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.room.members.invite.reset();
  }

  override render() {
    const { isBusy, problem } = this.room.members.invite.state.get();
    return html`
      <holm-dialog .heading=${t.inviteTitle(this.room.summary.get()?.name ?? '')} open>
        <form @submit=${this.#submit}>
          ${problemBox(problem)}
          ${this.done === '' ? nothing : html`<p class="done" role="status">${t.inviteSent(this.done)}</p>`}
          ${field({ name: 'user', label: t.userId, hint: t.userIdExample, isFirst: true })}
          <button class="button" type="submit" ?disabled=${isBusy}>${isBusy ? t.inviting : t.invite}</button>
        </form>
      </holm-dialog>
    `;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const user = formValues(event)['user']?.trim() ?? '';
    this.done = '';
    if (!(await this.room.members.invite.run(user))) return;
    this.done = user;
    form.reset();
  }
}

customElements.define('holm-invite', HolmInvite);
