import { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { type Network, startServer } from '../testing/federated-server.ts';

const [A, B] = [ServerName.parse('a.test'), ServerName.parse('b.test')];
const receipt = (n: number) => ({ edu_type: 'm.receipt', content: { n } });
const recalls = [{ eduType: 'm.receipt', since: () => Promise.resolve([receipt(2)]) }];

describe('what a server has missed', () => {
  it('is said again, even if it was reached since and we were started anew; and once', async () => {
    await using ours = await createTestDatabase();
    await using theirs = await createTestDatabase();
    const seen: JsonObject[] = [];
    const receive = (_: ServerName, edu: JsonObject) => Promise.resolve(void seen.push(edu));
    const network: Network = new Map([[B, '127.0.0.1:1']]);
    const clock = new ManualClock();
    const sender = () => startServer({ name: A, network, clock, db: ours.db, keySeed: 1, recalls });
    {
      await using a = await sender();
      a.outbox.sendEdu([B], receipt(1));
      await a.outbox.settled();
    }
    // Some other request has arrived meanwhile.
    await ours.db.run(sql`DELETE FROM destinations`);
    const eduListeners = [{ eduType: 'm.receipt', receive }];
    await using _b = await startServer({ name: B, network, clock, db: theirs.db, keySeed: 2, eduListeners });
    for (let run = 0; run < 2; run++) {
      await using a = await sender();
      await a.outbox.start();
      await a.outbox.settled();
      expect(seen).to.eql([{ n: 2 }]);
    }
  });
});
