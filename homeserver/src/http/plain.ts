import type { Reply } from './reply.ts';
import type { Resource } from './resource.ts';

/** What a plain route gets to see: there are no users and no bodies outside of Matrix' own operations. */
export interface PlainRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path as it came, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
  /** The request came from this machine, and through no proxy. */
  readonly isLocal: boolean;
  /** This listener serves nothing else. */
  readonly isOnlyResource: boolean;
}

/** Something that is read with GET and is no operation of Matrix: a page, a health report. */
export interface PlainRoute {
  readonly resource: Resource;
  readonly name: string;
  /** `undefined` when this path is not one of its own. */
  readonly answer: (request: PlainRequest) => Promise<Reply | undefined>;
}
