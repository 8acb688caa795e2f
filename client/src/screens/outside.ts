import { css, html, LitElement, type TemplateResult } from 'lit';
import { controls } from '../elements/controls.ts';
import '../elements/holm-empty.ts';
import { icon } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import type { RoomModel } from '../models/room.ts';
import { routeTo } from '../models/route.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

/** A room that one is not in, or only invited to. */
export class HolmOutside extends LitElement {
  static override properties = { home: { attribute: false }, target: {}, invitation: { attribute: false } };
  declare home: HomeModel;
  declare target: string;
  declare invitation: RoomModel | undefined;

  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        place-items: center;
        position: relative;
        min-width: 0;
      }
      .back {
        position: absolute;
        inset: var(--holm-3) auto auto var(--holm-3);
      }
      .answers {
        display: flex;
        gap: var(--holm-2);
      }
    `,
  ];

  constructor() {
    super();
    new Observe(this, () =>
      this.invitation
        ? [this.invitation.summary, this.invitation.accept.state, this.invitation.leave.state]
        : [this.home.join.state],
    );
  }

  override render() {
    return html`
      <a class="icon-button back" href=${routeTo.home} aria-label=${t.back}>${icon('back')}</a>
      ${this.invitation ? this.#invitation(this.invitation) : this.#outside()}
    `;
  }

  #invitation(room: RoomModel): TemplateResult {
    const summary = room.summary.get();
    const accept = room.accept.state.get();
    const decline = room.leave.state.get();
    const isBusy = accept.isBusy || decline.isBusy;
    const text = summary?.inviter === undefined ? t.invitedYou : t.invitationText(summary.inviter);
    return html`
      <holm-empty .heading=${summary?.name ?? ''} .text=${text}>
        ${problemBox(accept.problem ?? decline.problem)}
        <div class="answers">
          <button class="button" ?disabled=${isBusy} @click=${() => void this.home.accept(room.id)}>${t.accept}</button>
          <button class="button quiet" ?disabled=${isBusy} @click=${() => void this.home.leave(room.id)}>
            ${t.decline}
          </button>
        </div>
      </holm-empty>
    `;
  }

  #outside(): TemplateResult {
    const { isBusy, problem } = this.home.join.state.get();
    return html`
      <holm-empty .heading=${this.target} .text=${t.outsideText}>
        ${problemBox(problem)}
        <button class="button" ?disabled=${isBusy} @click=${() => void this.home.join.run(this.target)}>
          ${isBusy ? t.joining : t.joinRoom}
        </button>
      </holm-empty>
    `;
  }
}

customElements.define('holm-outside', HolmOutside);
