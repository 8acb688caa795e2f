/** An event of a walk, as far as it matters to what is said about events. */
export interface Said {
  readonly id: string;
  readonly sender: string;
  readonly type: string;
  readonly relation: { readonly type: string; readonly target: string } | undefined;
  readonly hasNewContent: boolean;
  sentAt: number;
  isRedacted: boolean;
}

/** Who reads, and whom they ignore. */
export interface Reading {
  readonly userId: string;
  readonly ignored: ReadonlySet<string>;
}

/** `m.relations` of an event, by the ids of what is in it. */
export interface Bundle {
  readonly replacement?: string;
  readonly thread?: {
    readonly latest: string;
    readonly nested: Bundle;
    readonly count: number;
    readonly participated: boolean;
  };
  readonly references?: readonly string[];
}

export type IsWanted = (child: Said) => boolean;

const DEPTH = 4;

/** What events of a room say about each other, by the plainest reading of the specification: no index, no database. */
export class RelationModel {
  /** In the order of the timeline. */
  readonly said: Said[] = [];

  /** Redaction takes it away. */
  relationOf = ({ isRedacted, relation }: Said): Said['relation'] => (isRedacted ? undefined : relation);

  children(target: string, isWanted: IsWanted = () => true): Said[] {
    return this.said.filter((event) => this.relationOf(event)?.target === target && isWanted(event));
  }

  /** What is on the way has to be wanted, too. */
  descendants(target: string, isWanted: IsWanted): Said[] {
    let layer = this.children(target, isWanted);
    const found = new Set<Said>();
    for (let depth = 1; depth <= DEPTH; depth++) {
      for (const event of layer) found.add(event);
      layer = layer.flatMap(({ id }) => this.children(id, isWanted));
    }
    return this.said.filter((event) => found.has(event));
  }

  bundle(event: Said, reading: Reading, isNested = false): Bundle {
    const replacement = this.#replacementOf(event, reading);
    const thread = isNested ? undefined : this.#threadOf(event, reading);
    const references = this.#heard(event, 'm.reference', reading).map(({ id }) => id);
    return {
      ...(replacement && { replacement: replacement.id }),
      ...(thread && { thread }),
      ...(references.length > 0 && { references }),
    };
  }

  /** Those first in which something was said last. */
  threads(reading: Reading, isWanted: 'all' | 'participated'): string[] {
    const found = this.said.flatMap((root) => {
      const thread = this.#threadOf(root, reading);
      const isListed = thread !== undefined && (isWanted === 'all' || thread.participated);
      return isListed ? [{ root: root.id, at: this.said.findIndex(({ id }) => id === thread.latest) }] : [];
    });
    return found.sort((a, b) => b.at - a.at).map(({ root }) => root);
  }

  #heard(event: Said, relType: string, { ignored }: Reading): Said[] {
    return this.children(event.id, (child) => this.relationOf(child)?.type === relType && !ignored.has(child.sender));
  }

  #replacementOf(event: Said, reading: Reading): Said | undefined {
    if (event.isRedacted || event.relation?.type === 'm.replace') return undefined;
    const [newest] = this.#heard(event, 'm.replace', reading)
      .filter(({ sender, type, hasNewContent }) => sender === event.sender && type === event.type && hasNewContent)
      .sort((a, b) => b.sentAt - a.sentAt || (a.id < b.id ? 1 : -1));
    return newest;
  }

  #threadOf(event: Said, reading: Reading): Bundle['thread'] {
    if (this.relationOf(event)) return undefined;
    const answers = this.#heard(event, 'm.thread', reading);
    const latest = answers.at(-1);
    if (!latest) return undefined;
    const participated = [event, ...answers].some(({ sender }) => sender === reading.userId);
    return { latest: latest.id, nested: this.bundle(latest, reading, true), count: answers.length, participated };
  }
}
