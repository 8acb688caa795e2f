import { html, LitElement } from 'lit';
import { controls } from '../elements/controls.ts';
import { field, fieldStyles, formValues } from '../elements/field.ts';
import '../elements/holm-dialog.ts';
import { t } from '../i18n/words.ts';
import type { HomeModel } from '../models/home.ts';
import { dialogStyles } from './dialog.styles.ts';
import { Observe } from './observe.ts';
import { problemBox } from './problem-words.ts';

export class HolmJoinRoom extends LitElement {
  static override properties = { home: { attribute: false } };
  declare home: HomeModel;

  static override styles = [controls, fieldStyles, dialogStyles];

  constructor() {
    super();
    new Observe(this, () => [this.home.join.state]);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.home.join.reset();
  }

  override render() {
    const { isBusy, problem } = this.home.join.state.get();
    return html`
      <holm-dialog .heading=${t.joinARoom} open>
        <form @submit=${this.#submit}>
          ${problemBox(problem)}
          ${field({ name: 'room', label: t.roomAddressOrId, hint: t.roomAddressExample, isFirst: true })}
          <button class="button" type="submit" ?disabled=${isBusy}>${isBusy ? t.joining : t.joinRoom}</button>
        </form>
      </holm-dialog>
    `;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const isDone = await this.home.join.run(formValues(event)['room'] ?? '');
    if (isDone) this.dispatchEvent(new CustomEvent('holm-close'));
  }
}

customElements.define('holm-join-room', HolmJoinRoom);
