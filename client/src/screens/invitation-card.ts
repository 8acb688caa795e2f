import { html, LitElement } from 'lit';
import { controls } from '../elements/controls.ts';
import '../elements/holm-avatar.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import type { RoomSummary } from '../models/room-list.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';
import { sidebarStyles } from './sidebar.styles.ts';

/** An invitation in the list of rooms. */
export class HolmInvitationCard extends LitElement {
  static override properties = { home: { attribute: false }, summary: { attribute: false } };
  declare home: HomeModel;
  declare summary: RoomSummary;

  static override styles = [controls, sidebarStyles];

  constructor() {
    super();
    new Observe(this, () => [this.#room.accept.state, this.#room.leave.state]);
  }

  get #room() {
    return this.home.room(this.summary.id);
  }

  override render() {
    const { name, id, inviter } = this.summary;
    const accept = this.#room.accept.state.get();
    const decline = this.#room.leave.state.get();
    const isBusy = accept.isBusy || decline.isBusy;
    return html`
      <div class="invitation" role="group" aria-label=${name}>
        <holm-avatar .name=${name} .seed=${id}></holm-avatar>
        <span class="name">${name}</span>
        <span class="by">${inviter === undefined ? t.invitedYou : t.invitedBy(inviter)}</span>
        <div class="answers">
          <button class="button small" ?disabled=${isBusy} @click=${() => void this.home.accept(id)}>
            ${t.accept}
          </button>
          <button class="button small quiet" ?disabled=${isBusy} @click=${() => void this.home.leave(id)}>
            ${t.decline}
          </button>
        </div>
        ${problemBox(accept.problem ?? decline.problem)}
      </div>
    `;
  }
}

customElements.define('holm-invitation-card', HolmInvitationCard);
