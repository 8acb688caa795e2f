import { html, LitElement, nothing } from 'lit';
import { controls } from '../elements/controls.ts';
import { field, fieldStyles, formValues } from '../elements/field.ts';
import '../elements/holm-dialog.ts';
import { icon } from '../elements/icons.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import { dialogStyles } from './dialog.styles.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

export class HolmCreateRoom extends LitElement {
  static override properties = { home: { attribute: false }, isPublic: { state: true }, alias: { state: true } };
  declare home: HomeModel;
  declare private isPublic: boolean;
  declare private alias: string;

  static override styles = [controls, fieldStyles, dialogStyles];

  constructor() {
    super();
    this.isPublic = false;
    this.alias = '';
    new Observe(this, () => [this.home.create.state]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.home.create.reset();
  }

  override render() {
    const { isBusy, problem } = this.home.create.state.get();
    return html`
      <holm-dialog .heading=${t.newRoom} open>
        <form @submit=${this.#submit}>
          ${problemBox(problem)} ${field({ name: 'name', label: t.roomName, isFirst: true })}
          <fieldset>
            <legend>${t.whoCanJoin}</legend>
            ${this.#choice('private', t.privateRoom, t.privateHint)}
            ${this.#choice('public', t.publicOption, t.publicHint)}
          </fieldset>
          ${
            this.isPublic
              ? field({
                  name: 'alias',
                  label: t.roomAddress,
                  hint: t.roomAddressHint(`#${this.alias === '' ? '…' : this.alias}:${this.home.serverName}`),
                  onInput: (value) => (this.alias = value.trim()),
                })
              : nothing
          }
          <button class="button" type="submit" ?disabled=${isBusy}>${isBusy ? t.creatingRoom : t.createRoom}</button>
        </form>
      </holm-dialog>
    `;
  }

  #choice(value: 'private' | 'public', label: string, hint: string) {
    return html`
      <label class="choice">
        <input
          type="radio"
          name="access"
          aria-label=${label}
          value=${value}
          ?checked=${value === 'private'}
          @change=${() => (this.isPublic = value === 'public')}
        />
        ${icon(value === 'public' ? 'globe' : 'lock')}
        <span><strong>${label}</strong><small>${hint}</small></span>
      </label>
    `;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { name = '', access, alias = '' } = formValues(event);
    const isDone = await this.home.create.run({ name, isPublic: access === 'public', alias });
    if (isDone) this.dispatchEvent(new CustomEvent('holm-close'));
  }
}

customElements.define('holm-create-room', HolmCreateRoom);
