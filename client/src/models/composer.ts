import { createValue, type Value } from '../reactive/value.ts';
import type { RoomPort } from '../sdk/room-port.ts';

/** What is being written in one room. It outlives looking at another room. */
export interface ComposerModel {
  readonly draft: Value<string>;
  write(text: string): void;
  /** @returns whether there was anything to send */
  send(): boolean;
}

export const composerModel = (room: Pick<RoomPort, 'send'>): ComposerModel => {
  const draft = createValue('');
  return {
    draft,
    write: (text) => {
      draft.set(text);
    },
    send() {
      const text = draft.get().trim();
      if (text === '') return false;
      draft.set('');
      room.send(text);
      return true;
    },
  };
};
