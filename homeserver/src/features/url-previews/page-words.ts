import { Parser } from 'htmlparser2';

/** What a page says of itself. */
export interface PageWords {
  /** Members of OpenGraph, such as `og:title`, but for pictures. */
  readonly words: ReadonlyMap<string, string>;
  /** Addresses of pictures that stand for it, the best first, as they are written. */
  readonly pictures: readonly string[];
}

const PICTURE = /^(?:og|twitter):image(?::(?:secure_)?url|:src)?$/;
const WORDS = /^(?:og:.+|twitter:title|twitter:description|description)$/;
const MAX_MEMBERS = 40;
const MAX_NAME = 60;
const MAX_VALUE = 2_000;
const MAX_PICTURES = 5;
const MAX_TITLE = 500;

/** Reads a page as it comes, and is done when its head is. https://ogp.me/ */
export class PageReader {
  readonly #members = new Map<string, string>();
  readonly #pictures: string[] = [];
  readonly #parser: Parser;
  #title = '';
  #text: 'title' | 'other' = 'other';
  #hasTitle = false;
  #isDone = false;

  constructor() {
    this.#parser = new Parser(
      {
        onopentag: (name, attributes) => this.#open(name, attributes),
        ontext: (text) => {
          if (this.#text === 'title' && this.#title.length < MAX_TITLE) this.#title += text;
        },
        onclosetag: (name) => this.#close(name),
      },
      { decodeEntities: true },
    );
  }

  /** Whether the rest of the page has nothing to say. */
  get isDone(): boolean {
    return this.#isDone;
  }

  read(text: string): void {
    this.#parser.write(text);
  }

  end(): PageWords {
    this.#parser.end();
    const words = new Map(
      [...this.#members].filter(([name]) => name.startsWith('og:') && !name.startsWith('og:image')),
    );
    const fill = (name: string, ...others: (string | undefined)[]) => {
      const found = [words.get(name), ...others].map(tidy).find((text) => text !== '');
      if (found === undefined) words.delete(name);
      else words.set(name, found);
    };
    fill('og:title', this.#members.get('twitter:title'), this.#title);
    fill('og:description', this.#members.get('twitter:description'), this.#members.get('description'));
    return { words, pictures: this.#pictures };
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'meta') this.#meta(attributes);
    else if (name === 'title' && !this.#hasTitle) this.#text = 'title';
    else if (name === 'link' && attributes['rel'] === 'image_src') this.#picture(attributes['href']);
    else if (name === 'body') this.#isDone = true;
  }

  #close(name: string): void {
    if (name === 'title') {
      this.#text = 'other';
      this.#hasTitle = true;
    } else if (name === 'head') this.#isDone = true;
  }

  /** OpenGraph has `property`, everything else `name`; pages mix them up. */
  #meta({ property, name, content }: Readonly<Record<string, string>>): void {
    const member = (property ?? name ?? '').trim().toLowerCase();
    if (content === undefined || member.length > MAX_NAME) return;
    if (PICTURE.test(member)) this.#picture(content);
    else if (WORDS.test(member)) this.#word(member, content);
  }

  #word(member: string, content: string): void {
    if (!this.#members.has(member) && this.#members.size < MAX_MEMBERS) this.#members.set(member, tidy(content));
  }

  #picture(address: string | undefined): void {
    if (address !== undefined && this.#pictures.length < MAX_PICTURES) this.#pictures.push(address.trim());
  }
}

/** One line without anything that is not to be seen, and no longer than a preview can be. */
const tidy = (text: string | undefined): string =>
  (text ?? '')
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f\s]+/g, ' ')
    .trim()
    .slice(0, MAX_VALUE)
    .toWellFormed();
