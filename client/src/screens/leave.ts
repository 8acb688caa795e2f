import { html, LitElement } from 'lit';
import { controls } from '../elements/controls.ts';
import '../elements/holm-dialog.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import type { RoomModel } from '../models/room.ts';
import { dialogStyles } from './dialog.styles.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

/** Asks before leaving. */
export class HolmLeave extends LitElement {
  static override properties = { home: { attribute: false }, room: { attribute: false } };
  declare home: HomeModel;
  declare room: RoomModel;

  static override styles = [controls, dialogStyles];

  constructor() {
    super();
    new Observe(this, () => [this.room.leave.state, this.room.summary]);
  }

  override render() {
    const { isBusy, problem } = this.room.leave.state.get();
    const summary = this.room.summary.get();
    return html`
      <holm-dialog .heading=${t.leaveTitle(summary?.name ?? '')} open>
        ${problemBox(problem)}
        <p class="ask">${summary?.isPublic ? t.leavePublic : t.leavePrivate}</p>
        <div class="answers">
          <button class="button quiet" @click=${this.#close}>${t.cancel}</button>
          <button class="button danger" ?disabled=${isBusy} @click=${() => void this.home.leave(this.room.id)}>
            ${t.leave}
          </button>
        </div>
      </holm-dialog>
    `;
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent('holm-close'));
  }
}

customElements.define('holm-leave', HolmLeave);
