import { isObject } from '@holm/spec/json';
import { InvalidJsonError, parseJson } from '../../core/json/parse.ts';
import { LARGE_BYTES } from './large-json.ts';
import type { RawAnswer } from './transport.ts';

const TOO_MANY_REQUESTS = 429;
const SECONDS = /^\d{1,9}$/;

/**
 * How long a server asks to be left alone; 0 if it does not. Older ones say so in the body alone, newer ones, and what stands
 * before them, in the header: https://spec.matrix.org/latest/client-server-api/#rate-limiting
 */
export const retryAfterMs = ({ status, headers, body }: RawAnswer, now: number): number => {
  if (status !== TOO_MANY_REQUESTS) return 0;
  const [header] = [headers['retry-after']].flat();
  return fromHeader(header?.trim() ?? '', now) ?? saidIn(body);
};

const fromHeader = (header: string, now: number): number | undefined => {
  if (SECONDS.test(header)) return Number(header) * 1_000;
  const until = Date.parse(header);
  return Number.isNaN(until) ? undefined : Math.max(0, until - now);
};

const saidIn = (body: RawAnswer['body']): number => {
  if (body.bytes >= LARGE_BYTES) return 0;
  try {
    const answer = parseJson(body.text, { strict: false });
    const ms = isObject(answer) ? answer['retry_after_ms'] : undefined;
    return typeof ms === 'number' && ms > 0 ? ms : 0;
  } catch (error) {
    if (error instanceof InvalidJsonError) return 0;
    throw error;
  }
};
