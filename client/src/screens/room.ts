import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { controls } from '../elements/controls.ts';
import '../elements/holm-avatar.ts';
import '../elements/holm-composer.ts';
import '../elements/holm-member-list.ts';
import type { HolmTimeline } from '../elements/holm-timeline.ts';
import '../elements/holm-timeline.ts';
import { icon } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import type { RoomModel } from '../models/room.ts';
import { routeTo } from '../models/route.ts';
import './invite.ts';
import './leave.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';
import { roomStyles } from './room.styles.ts';
import { timelineItem } from './timeline-item.ts';

/** One room. */
export class HolmRoom extends LitElement {
  static override properties = {
    home: { attribute: false },
    room: { attribute: false },
    now: { attribute: false },
    showsMembers: { state: true },
    dialog: { state: true },
  };
  declare home: HomeModel;
  declare room: RoomModel;
  /** For naming days. */
  declare now: () => number;
  declare private showsMembers: boolean;
  declare private dialog: 'invite' | 'leave' | undefined;

  static override styles = [controls, roomStyles];

  constructor() {
    super();
    this.showsMembers = false;
    new Observe(this, () => [
      this.room.summary,
      this.room.timeline.items,
      this.room.timeline.loadEarlier.state,
      this.room.composer.draft,
      this.room.maySend,
      this.room.members.rows,
      this.room.members.mayInvite,
      this.room.members.load.state,
    ]);
  }

  protected override firstUpdated(_changed: PropertyValues<this>): void {
    // On a phone the keyboard would cover half of what one came to read.
    if (matchMedia('(pointer: fine)').matches) this.renderRoot.querySelector<HTMLElement>('holm-composer')?.focus();
  }

  override render() {
    return html`
      <section class="talk" aria-label=${this.#name}>${this.#head()} ${this.#timeline()} ${this.#foot()}</section>
      ${this.showsMembers ? this.#members() : nothing} ${this.#dialog()}
    `;
  }

  get #name(): string {
    return this.room.summary.get()?.name ?? '';
  }

  #head(): TemplateResult {
    const summary = this.room.summary.get();
    const count = summary?.memberCount ?? 0;
    const label = this.showsMembers ? t.hideMembers : t.showMembers;
    return html`
      <header class="head">
        <a class="icon-button back" href=${routeTo.home} aria-label=${t.back}>${icon('back')}</a>
        <holm-avatar .name=${this.#name} .seed=${this.room.id}></holm-avatar>
        <div class="title">
          <h2>${this.#name}</h2>
          <p class="topic">${summary?.topic === '' ? t.people(count) : summary?.topic}</p>
        </div>
        <button
          class="icon-button"
          aria-label=${label}
          title=${label}
          aria-pressed=${this.showsMembers}
          @click=${this.#toggle}
        >
          ${icon('people')}
        </button>
        <button
          class="icon-button"
          aria-label=${t.leaveRoom}
          title=${t.leaveRoom}
          @click=${() => (this.dialog = 'leave')}
        >
          ${icon('leave')}
        </button>
      </header>
    `;
  }

  #timeline(): TemplateResult {
    const { items, hasEarlier, loadEarlier } = this.room.timeline;
    const { isBusy, problem } = loadEarlier.state.get();
    return html`
      <holm-timeline
        .hasEarlier=${hasEarlier.get()}
        .isHeld=${problem !== undefined}
        .isLoading=${isBusy}
        @holm-reach-start=${() => void loadEarlier.run()}
      >
        ${
          problem
            ? html`<div class="trouble">
                ${problemBox(problem)}
                <button class="button small quiet" @click=${() => void loadEarlier.run()}>${t.tryAgain}</button>
              </div>`
            : nothing
        }
        ${repeat(
          items.get(),
          ({ key }) => key,
          (item) => timelineItem(item, this.room.timeline, this.now()),
        )}
      </holm-timeline>
    `;
  }

  #foot(): TemplateResult {
    if (!this.room.maySend.get()) return html`<div class="foot"><p class="read-only">${t.mayNotSend}</p></div>`;
    const { composer } = this.room;
    return html`
      <div class="foot">
        <holm-composer
          .text=${composer.draft.get()}
          .hint=${t.messageTo(this.#name)}
          @holm-write=${(event: CustomEvent<string>) => composer.write(event.detail)}
          @holm-send=${this.#send}
        ></holm-composer>
      </div>
    `;
  }

  #members(): TemplateResult {
    const { rows, mayInvite, load } = this.room.members;
    return html`
      <aside aria-label=${t.members}>
        <header class="head">
          <h2>${t.people(this.room.summary.get()?.memberCount ?? 0)}</h2>
          <button class="icon-button" aria-label=${t.close} @click=${this.#toggle}>${icon('close')}</button>
        </header>
        <div class="people">
          ${
            mayInvite.get()
              ? html`<button class="button quiet" @click=${() => (this.dialog = 'invite')}>
                  ${icon('person-add', 18)} ${t.addPeople}
                </button>`
              : nothing
          }
          ${problemBox(load.state.get().problem)}
          <holm-member-list .members=${rows.get()}></holm-member-list>
        </div>
      </aside>
    `;
  }

  #dialog(): TemplateResult | typeof nothing {
    const close = () => (this.dialog = undefined);
    switch (this.dialog) {
      case 'invite':
        return html`<holm-invite .room=${this.room} @holm-close=${close}></holm-invite>`;
      case 'leave':
        return html`<holm-leave .home=${this.home} .room=${this.room} @holm-close=${close}></holm-leave>`;
      case undefined:
        return nothing;
    }
  }

  #toggle(): void {
    this.showsMembers = !this.showsMembers;
    if (this.showsMembers) void this.room.members.load.run();
  }

  #send(): void {
    if (!this.room.composer.send()) return;
    this.renderRoot.querySelector<HolmTimeline>('holm-timeline')?.toNewest();
  }
}

customElements.define('holm-room', HolmRoom);
