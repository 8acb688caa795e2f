import { serverOf } from '@holm/spec/ids';
import type { Event } from '../../events/event.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';

/** `m.room.aliases`, where a server may say what it calls the room without being in it (rule 4, up to version 5). */
export const checkAliases = (event: Event): Verdict => {
  if (event.stateKey === undefined) return refuse('aliases have no state key');
  return event.stateKey === serverOf(event.sender) ? ALLOW : refuse("the aliases are not of the sender's server");
};
