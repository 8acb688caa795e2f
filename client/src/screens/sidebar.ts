import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { controls } from '../elements/controls.ts';
import '../elements/holm-avatar.ts';
import '../elements/holm-empty.ts';
import '../elements/holm-room-item.ts';
import '../elements/holm-skeleton.ts';
import { icon, mark } from '../elements/icons.ts';
import { shortTime } from '../i18n/dates.ts';
import { t } from '../i18n/words.ts';
import type { AppModel } from '../models/app.ts';
import type { HomeModel } from '../models/home.ts';
import type { RoomSummary } from '../models/room-list.ts';
import { routeTo } from '../models/route.ts';
import { previewText } from './entry-words.ts';
import './invitation-card.ts';
import { Observe } from './observe.ts';
import { sidebarStyles } from './sidebar.styles.ts';

/**
 * The rooms, and who one is.
 *
 * @fires holm-new-room
 * @fires holm-find-room
 */
export class HolmSidebar extends LitElement {
  static override properties = { app: { attribute: false }, home: { attribute: false } };
  declare app: AppModel;
  declare home: HomeModel;

  static override styles = [controls, sidebarStyles];

  constructor() {
    super();
    new Observe(this, () => [
      this.home.list.sections,
      this.home.pane,
      this.home.isReady,
      this.home.displayName,
      this.app.theme.theme,
    ]);
  }

  override render() {
    return html`
      <header>
        <h1>${mark(28)} ${t.product}</h1>
        <button
          class="icon-button"
          aria-label=${t.joinARoom}
          title=${t.joinARoom}
          @click=${this.#fire('holm-find-room')}
        >
          ${icon('compass')}
        </button>
        <button class="icon-button" aria-label=${t.newRoom} title=${t.newRoom} @click=${this.#fire('holm-new-room')}>
          ${icon('plus')}
        </button>
      </header>
      <div class="search" role="search">
        ${icon('search', 16)}
        <input
          type="search"
          aria-label=${t.searchRooms}
          placeholder=${t.searchRooms}
          .value=${this.home.list.filter.get()}
          @input=${(event: InputEvent) => this.home.list.search((event.target as HTMLInputElement).value)}
        />
      </div>
      <nav aria-label=${t.rooms} @keydown=${this.#arrows}>${this.#rooms()}</nav>
      ${this.#me()}
    `;
  }

  #rooms(): TemplateResult {
    if (!this.home.isReady.get()) return html`<holm-skeleton .rows=${7}></holm-skeleton>`;
    const { invitations, rooms, isEmpty } = this.home.list.sections.get();
    if (isEmpty) return this.#nothingYet();
    if (invitations.length + rooms.length === 0) return html`<p class="none">${t.noMatch}</p>`;
    const now = this.app.now();
    return html`
      ${
        invitations.length > 0
          ? html`<h2 id="invitations">${t.invitations}</h2>
              <ul aria-labelledby="invitations">
                ${repeat(
                  invitations,
                  ({ id }) => id,
                  (room) =>
                    html`<li><holm-invitation-card .home=${this.home} .summary=${room}></holm-invitation-card></li>`,
                )}
              </ul>`
          : nothing
      }
      <ul aria-label=${t.rooms}>
        ${repeat(
          rooms,
          ({ id }) => id,
          (room) => html`<li>${this.#room(room, now)}</li>`,
        )}
      </ul>
    `;
  }

  /** On a narrow screen the list is all there is, so it must say how to begin. */
  #nothingYet(): TemplateResult {
    return html`
      <p class="none wide">${t.noRoomsTitle}</p>
      <holm-empty class="narrow" .heading=${t.noRoomsTitle} .text=${t.noRoomsText}>
        <div class="begin">
          <button class="button" @click=${this.#fire('holm-new-room')}>${t.newRoom}</button>
          <button class="button quiet" @click=${this.#fire('holm-find-room')}>${t.joinARoom}</button>
        </div>
      </holm-empty>
    `;
  }

  #room(room: RoomSummary, now: number): TemplateResult {
    const pane = this.home.pane.get();
    return html`<holm-room-item
      .href=${routeTo.room(room.id)}
      .name=${room.name}
      .seed=${room.id}
      .preview=${previewText(room.latest)}
      .time=${room.activeAt > 0 ? shortTime(room.activeAt, now) : ''}
      .isUnread=${room.isUnread}
      .count=${room.unreadCount}
      .isCurrent=${pane.is === 'room' && pane.room.id === room.id}
    ></holm-room-item>`;
  }

  #me(): TemplateResult {
    const name = this.home.displayName.get();
    const themeLabel = this.app.theme.theme.get() === 'dark' ? t.lightTheme : t.darkTheme;
    return html`
      <footer>
        <holm-avatar .name=${name} .seed=${this.home.userId}></holm-avatar>
        <div class="me">
          <span class="own-name">${name}</span>
          <span class="own-id" title=${this.home.userId}>${this.home.userId}</span>
        </div>
        <button
          class="icon-button"
          aria-label=${themeLabel}
          title=${themeLabel}
          @click=${() => this.app.theme.toggle()}
        >
          ${icon(this.app.theme.theme.get() === 'dark' ? 'sun' : 'moon')}
        </button>
        <button class="icon-button" aria-label=${t.signOut} title=${t.signOut} @click=${() => void this.app.signOut()}>
          ${icon('power')}
        </button>
      </footer>
    `;
  }

  #fire(name: 'holm-new-room' | 'holm-find-room') {
    return () => this.dispatchEvent(new CustomEvent(name));
  }

  /** Up and down walk through the rooms. */
  #arrows(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    const items = [...this.renderRoot.querySelectorAll('holm-room-item')] as HTMLElement[];
    const at = items.findIndex((item) => item.matches(':focus-within') || item === this.shadowRoot?.activeElement);
    const next = items[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

customElements.define('holm-sidebar', HolmSidebar);
