import { MatrixError } from '@holm/spec/errors';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { ManualClock } from '../../testing/manual-clock.ts';
import { testKey } from '../testing/federated-server.ts';
import { Notary } from './notary.ts';

describe('a notary', () => {
  it('looks for the keys of a limited number of servers at a time', async () => {
    const found = Promise.withResolvers<undefined>();
    const notary = new Notary({
      own: { serverName: ServerName.parse('a.test'), signing: [testKey(1)], old: [] },
      directory: { answerOf: () => found.promise },
      isAllowed: () => true,
      clock: new ManualClock(),
    });
    const ask = (n: number) => notary.answerFor(ServerName.parse(`made-up-${n}.test`));
    const asked = Array.from({ length: 100 }, (_, n) => ask(n));
    const refused: unknown = await ask(100).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(MatrixError).with.property('errcode', 'M_LIMIT_EXCEEDED');
    found.resolve(undefined);
    await Promise.all(asked);
    expect(await ask(101)).to.equal(undefined);
  });
});
