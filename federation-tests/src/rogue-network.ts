import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { TestNetwork } from './network.ts';
import { Rogue } from './rogue.ts';

/** Homeservers that can be spoken to by one that does as it likes, `rogue.test`. Its keys are of a time that stands still. */
export const networkWithRogue = async (
  names: readonly string[],
  config: object = {},
): Promise<{ readonly network: TestNetwork; readonly rogue: Rogue }> => {
  const rogue = await Rogue.start('rogue.test', new ManualClock());
  return { rogue, network: await TestNetwork.with({ names, config, strangers: { 'rogue.test': rogue.url } }) };
};
