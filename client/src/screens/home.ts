import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import '../elements/holm-banner.ts';
import { controls } from '../elements/controls.ts';
import '../elements/holm-empty.ts';
import '../elements/holm-skeleton.ts';
import { icon } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import type { HomeModel, Pane } from '../models/home.ts';
import { routeTo } from '../models/route.ts';
import './create-room.ts';
import './join-room.ts';
import { Observe } from './observe.ts';
import './outside.ts';
import './room.ts';
import './sidebar.ts';

type Dialog = 'create' | 'join' | undefined;

/** What somebody who is signed in sees: the rooms on the left, one of them beside it. */
export class HolmHome extends LitElement {
  static override properties = { app: { attribute: false }, home: { attribute: false }, dialog: { state: true } };
  declare app: AppModel;
  declare home: HomeModel;
  declare private dialog: Dialog;

  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: 100%;
      }
      .columns {
        grid-row: 2;
        display: grid;
        grid-template-columns: minmax(17rem, 21rem) minmax(0, 1fr);
        min-height: 0;
      }
      holm-sidebar {
        min-height: 0;
        border-inline-end: 1px solid var(--holm-line);
      }
      main {
        display: grid;
        min-width: 0;
        min-height: 0;
        background: var(--holm-surface);
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: var(--holm-2);
        margin-top: var(--holm-2);
      }
      holm-skeleton {
        align-content: end;
        padding: var(--holm-5);
      }
      .waiting {
        display: grid;
        grid-template-rows: auto 1fr;
      }
      .waiting a {
        display: none;
        margin: var(--holm-3);
      }
      @media (max-width: 47.99rem) {
        .waiting a {
          display: inline-grid;
        }
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
        .columns:not(.in-room) main,
        .columns.in-room holm-sidebar {
          display: none;
        }
        holm-sidebar {
          border: 0;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Observe(this, () => [this.home.pane, this.home.connection, this.home.isReady, this.home.list.unread]);
  }

  protected override updated(): void {
    const pane = this.home.pane.get();
    const unread = this.home.list.unread.get();
    const room = pane.is === 'room' ? pane.room.summary.get()?.name : undefined;
    document.title = `${unread > 0 ? `(${String(unread)}) ` : ''}${room === undefined ? '' : `${room} – `}${t.product}`;
  }

  override render() {
    const pane = this.home.pane.get();
    return html`
      ${this.#banner()}
      <div class="columns ${pane.is === 'empty' ? '' : 'in-room'}">
        <holm-sidebar
          .app=${this.app}
          .home=${this.home}
          @holm-new-room=${() => (this.dialog = 'create')}
          @holm-find-room=${() => (this.dialog = 'join')}
        ></holm-sidebar>
        <main>${this.#pane(pane)}</main>
      </div>
      ${
        this.dialog === 'create'
          ? html`<holm-create-room .home=${this.home} @holm-close=${this.#close}></holm-create-room>`
          : nothing
      }
      ${
        this.dialog === 'join'
          ? html`<holm-join-room .home=${this.home} @holm-close=${this.#close}></holm-join-room>`
          : nothing
      }
    `;
  }

  #close(): void {
    this.dialog = undefined;
  }

  #banner(): TemplateResult | typeof nothing {
    // The first connection shows as skeletons, not as an alarm.
    const state = this.home.connection.get();
    if (state === 'online' || state === 'connecting') return nothing;
    return html`<holm-banner .text=${t[state]}>
      <button class="link" @click=${() => this.home.reconnect()}>${t.retryNow}</button>
    </holm-banner>`;
  }

  #pane(pane: Pane): TemplateResult {
    switch (pane.is) {
      case 'empty':
        return this.home.isReady.get() ? this.#empty() : html`<div></div>`;
      case 'waiting':
        return html`<div class="waiting">
          <a class="icon-button" href=${routeTo.home} aria-label=${t.back}>${icon('back')}</a>
          <holm-skeleton .rows=${5}></holm-skeleton>
        </div>`;
      case 'room':
        return html`${keyed(pane.room.id, html`<holm-room .home=${this.home} .room=${pane.room} .now=${() => this.app.now()}></holm-room>`)}`;
      case 'invitation':
        return html`<holm-outside .home=${this.home} .target=${pane.room.id} .invitation=${pane.room}></holm-outside>`;
      case 'outside':
        return html`<holm-outside .home=${this.home} .target=${pane.target}></holm-outside>`;
    }
  }

  #empty(): TemplateResult {
    const { isEmpty } = this.home.list.sections.get();
    if (!isEmpty) return html`<holm-empty .heading=${t.pickTitle} .text=${t.pickText}></holm-empty>`;
    return html`
      <holm-empty .heading=${t.noRoomsTitle} .text=${t.noRoomsText}>
        <div class="actions">
          <button class="button" @click=${() => (this.dialog = 'create')}>${t.newRoom}</button>
          <button class="button quiet" @click=${() => (this.dialog = 'join')}>${t.joinARoom}</button>
        </div>
      </holm-empty>
    `;
  }
}

customElements.define('holm-home', HolmHome);
