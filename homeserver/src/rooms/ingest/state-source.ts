import type { LargeAnswer } from '../../federation/client/large-answer.ts';
import type { RemoteState, StateSource } from './ports.ts';

/** The two lists of an answer, by what they are called in it. To be disposed of instead of the answer. */
export const stateSource = (
  answer: LargeAnswer<unknown>,
  lists: Readonly<Record<keyof RemoteState, string>>,
): StateSource => ({
  async read(of, take) {
    await answer.read(
      (_, pdu, characters) => take(pdu, characters),
      (list) => list === lists[of],
    );
  },
  [Symbol.asyncDispose]: () => answer[Symbol.asyncDispose](),
});
