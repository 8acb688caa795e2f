import { expect } from 'chai';
import { EventId, ServerName } from '@holm/spec/ids';
import { silentLog } from '../../../platform/log.ts';
import { Sources } from './sources.ts';
import { StateAtGap } from './state-at-gap.ts';

const SERVER = ServerName.parse('b.test');
const ids = Array.from({ length: 30 }, (_, index) => EventId.parse(`$${index}`));

describe('a whole state that a server states at a gap', () => {
  /** A server of whose state nothing is stored here, and whose events have so many characters each. */
  const stated = async (count: number, characters: number) => {
    let read = 0;
    const source = {
      read: async (of: string, take: (pdu: unknown, characters: number) => void | Promise<void>) => {
        if (of === 'state')
          for (; read < count; read++) await take({ eventId: `$${read}`, authEvents: [] }, characters);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const deps = {
      db: { rows: () => Promise.resolve([]) },
      remote: {
        stateIds: () => Promise.resolve({ state: ids, authChain: [] }),
        state: () => Promise.resolve(source),
      },
      admission: { admit: (_: unknown, raw: unknown[]) => Promise.resolve({ events: raw, stored: [] }) },
      sources: new Sources({ membersOf: () => Promise.resolve({ servers: new Map() }), log: silentLog } as never),
    };
    const event = { eventId: '$gap', prevEvents: ['$missing'] };
    const states = await new StateAtGap(deps as never).before(SERVER, { roomId: '!r' } as never, [event as never]);
    return { state: states.get('$gap' as EventId)?.state.length, read };
  };

  it('is taken, however many events it has', async () => {
    expect(await stated(10_050, 600)).to.eql({ state: 10_050, read: 10_050 });
  });

  it('is read no further when too much of it is new', async () => {
    expect(await stated(10_050, 65_536)).to.eql({ state: undefined, read: 1_199 });
  });
});
