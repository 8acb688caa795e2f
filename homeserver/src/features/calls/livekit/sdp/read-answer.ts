import type { DtlsParameters } from 'mediasoup/types';
import * as sdpTransform from 'sdp-transform';
import { dtlsOf } from './dtls.ts';
import { SDP_LIMITS, type SdpRefusal } from './read.ts';

/** What an answer says that we need. */
export interface ReadAnswer {
  /** The sections that the client takes. */
  readonly open: ReadonlySet<string>;
  /** How it means to encrypt the connection. Throws where it does not say so. */
  readonly dtls: () => DtlsParameters;
}

/** Two sections for each of as many people as a call may well have. */
const MAX_BYTES = 1_000_000;
const SECTION = 'm=';
const NAME = 'a=mid:';

/**
 * Reads what a client answers. In a large call it is long, and everybody sends one whenever somebody turns a camera on: it
 * is not parsed, but looked through.
 */
export const readAnswer = (sdp: string): ReadAnswer | SdpRefusal => {
  if (sdp.length > MAX_BYTES) return 'too long';
  if (!sdp.startsWith('v=0')) return 'not a session description';
  const lines = sdp.split(/\r?\n/);
  const open = new Set<string>();
  let isOpen = false;
  for (const line of lines) {
    if (line.startsWith(SECTION)) isOpen = line.split(' ', 2)[1] !== '0';
    else if (isOpen && line.startsWith(NAME)) open.add(line.slice(NAME.length).trim());
  }
  return { open, dtls: () => dtlsOf(sdpTransform.parse(beginningOf(lines).join('\r\n'))) };
};

/** All that is said of the whole, and the first section that is open: the connection of all. */
const beginningOf = (lines: readonly string[]): readonly string[] => {
  const starts = lines.flatMap((line, index) => (line.startsWith(SECTION) ? [index] : []));
  const first = starts.findIndex((start) => lines[start]?.split(' ', 2)[1] !== '0');
  const chosen = [...lines.slice(0, starts[0]), ...lines.slice(starts[first] ?? lines.length, starts[first + 1])];
  return chosen.filter(({ length }) => length <= SDP_LIMITS.lineBytes).slice(0, SDP_LIMITS.perSection);
};
