import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/words.ts';
import { controls } from './controls.ts';
import './holm-avatar.ts';
import { messageStyles } from './holm-message.styles.ts';
import { icon } from './icons.ts';
import { messageText, type TextSegment } from './message-text.ts';

export type MessageLook = 'text' | 'notice' | 'emote' | 'file' | 'encrypted' | 'removed';

/**
 * One message.
 *
 * @fires holm-retry - send it again
 * @fires holm-discard - give it up
 */
export class HolmMessage extends LitElement {
  static override properties = {
    author: {},
    userId: {},
    look: {},
    segments: { attribute: false },
    time: {},
    fullTime: {},
    isEdited: { type: Boolean },
    own: { type: Boolean, reflect: true },
    opens: { type: Boolean, reflect: true },
    delivery: { reflect: true },
    showsDelivery: { type: Boolean },
    problem: {},
  };
  declare author: string;
  declare userId: string;
  declare look: MessageLook;
  declare segments: readonly TextSegment[];
  declare time: string;
  declare fullTime: string;
  declare isEdited: boolean;
  declare own: boolean;
  declare opens: boolean;
  declare delivery: 'sending' | 'sent' | 'failed';
  declare showsDelivery: boolean;
  declare problem: string;

  static override styles = [controls, messageStyles];

  constructor() {
    super();
    this.author = '';
    this.userId = '';
    this.look = 'text';
    this.segments = [];
    this.time = '';
    this.fullTime = '';
    this.isEdited = false;
    this.own = false;
    this.opens = true;
    this.delivery = 'sent';
    this.showsDelivery = false;
    this.problem = '';
  }

  override render() {
    return html`
      <article aria-label=${`${this.author}, ${this.time}`}>
        ${this.opens && !this.own ? this.#heading() : nothing}
        <div class="bubble">
          ${this.#content()}
          <time title=${this.fullTime}>${this.isEdited ? html`${t.edited} · ` : nothing}${this.time}</time>
        </div>
        ${this.showsDelivery ? this.#foot() : nothing}
      </article>
    `;
  }

  #heading(): TemplateResult {
    return html`
      <holm-avatar .name=${this.author} .seed=${this.userId}></holm-avatar>
      <header title=${this.userId}>${this.author}</header>
    `;
  }

  #content(): TemplateResult {
    const text = messageText(this.segments);
    switch (this.look) {
      case 'file':
        return html`<span class="aside">${icon('file', 18)}<span>${text}</span></span>`;
      case 'encrypted':
        return html`<span class="aside encrypted">${icon('lock', 16)}<span>${text}</span></span>`;
      case 'emote':
        return html`<span class="text">* ${this.author} ${text}</span>`;
      case 'removed':
      case 'notice':
        return html`<span class="text aside ${this.look}">${text}</span>`;
      case 'text':
        return html`<span class="text">${text}</span>`;
    }
  }

  #foot(): TemplateResult {
    switch (this.delivery) {
      case 'sending':
        return html`<div class="foot">${icon('clock', 13)} ${t.sending}</div>`;
      case 'sent':
        return html`<div class="foot">${icon('tick', 13)} ${t.sent}</div>`;
      case 'failed':
        return html`
          <div class="foot failed" role="alert">
            ${icon('alert', 14)} <span>${t.notSent} ${this.problem}</span>
            <button class="link" @click=${() => this.#fire('holm-retry')}>${t.retry}</button>
            <button class="link" @click=${() => this.#fire('holm-discard')}>${t.discard}</button>
          </div>
        `;
    }
  }

  #fire(name: 'holm-retry' | 'holm-discard'): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}

customElements.define('holm-message', HolmMessage);
