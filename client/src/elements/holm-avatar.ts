import { css, html, LitElement } from 'lit';

const TONES = 8;

/** A stand-in for a face: initials on a colour that stays the same for one person or room. */
export class HolmAvatar extends LitElement {
  static override properties = { name: {}, seed: {}, tone: { type: Number, reflect: true } };
  declare name: string;
  /** What the colour is chosen by: an id. */
  declare seed: string;
  declare tone: number;

  static override styles = css`
    :host {
      display: inline-grid;
      place-items: center;
      flex: none;
      width: var(--holm-avatar, 2.5rem);
      height: var(--holm-avatar, 2.5rem);
      border-radius: var(--holm-avatar-round, 50%);
      font-size: calc(var(--holm-avatar, 2.5rem) * 0.38);
      font-weight: 650;
      line-height: 1;
      user-select: none;
      background: light-dark(#d5e8ea, #1d464c);
      color: light-dark(#0c4c54, #b6e4e6);
    }
    :host([tone='1']) {
      background: light-dark(#e0e3f6, #2c3463);
      color: light-dark(#31398a, #c9cffb);
    }
    :host([tone='2']) {
      background: light-dark(#f6e2d6, #5a3420);
      color: light-dark(#85401b, #fbd2bb);
    }
    :host([tone='3']) {
      background: light-dark(#dff0dc, #264a2a);
      color: light-dark(#285c2a, #c5ebc3);
    }
    :host([tone='4']) {
      background: light-dark(#f4dfeb, #552946);
      color: light-dark(#7e2a60, #f8cbe5);
    }
    :host([tone='5']) {
      background: light-dark(#f6ebc6, #4d3f14);
      color: light-dark(#6b5200, #f6e2a1);
    }
    :host([tone='6']) {
      background: light-dark(#dbe9f7, #1f4163);
      color: light-dark(#1b4c7d, #c1defa);
    }
    :host([tone='7']) {
      background: light-dark(#e8e0f4, #42305f);
      color: light-dark(#553088, #dfcffa);
    }
  `;

  constructor() {
    super();
    this.name = '';
    this.seed = '';
    this.tone = 0;
  }

  protected override willUpdate(): void {
    this.tone = toneOf(this.seed === '' ? this.name : this.seed);
  }

  override render() {
    return html`<span aria-hidden="true">${initials(this.name)}</span>`;
  }
}

const toneOf = (seed: string): number => {
  let hash = 0;
  for (const char of seed) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % TONES;
};

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const firstLetter = (word: string): string => graphemes.segment(word)[Symbol.iterator]().next().value?.segment ?? '';

/** First letters of the first two words, whatever their script. */
const initials = (name: string): string => {
  const words = name
    .replace(/^[#@!+]/, '')
    .split(/[\s._-]+/)
    .filter((word) => word !== '');
  return words.slice(0, 2).map(firstLetter).join('').toLocaleUpperCase() || '?';
};

customElements.define('holm-avatar', HolmAvatar);
