import type { LargeAnswer } from '../../federation/client/large-answer.ts';
import type { RemoteState, StateSource } from './ports.ts';

/** The two lists of an answer, by what they are called in it. To be disposed of instead of the answer. */
export const stateSource = (
  answer: LargeAnswer<unknown>,
  lists: Readonly<Record<keyof RemoteState, string>>,
): StateSource => ({
  async read(of, take) {
    await answer.read(
      (_, pdu) => take(pdu),
      (list) => list === lists[of],
    );
  },
  [Symbol.asyncDispose]: () => answer[Symbol.asyncDispose](),
});

/** All of it at once, where it cannot be so much. */
export const wholeState = async (source: StateSource): Promise<RemoteState> => {
  await using told = source;
  const [state, authChain]: [unknown[], unknown[]] = [[], []];
  await told.read('state', (pdu) => void state.push(pdu));
  await told.read('authChain', (pdu) => void authChain.push(pdu));
  return { state, authChain };
};
