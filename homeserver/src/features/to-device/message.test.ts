import { expect } from 'chai';
import fc from 'fast-check';
import { UserId } from '@holm/spec/ids';
import { byServer, type Message, messagesIn, sizeOf } from './message.ts';

const user = (name: string) => UserId.parse(`@${name}`);

describe('messages to devices', () => {
  it('are read by user and device, and nothing else is', () => {
    expect(messagesIn({ '@a:x': { D: { n: 1 }, '*': {} } })).to.eql([
      { userId: '@a:x', deviceId: 'D', content: { n: 1 } },
      { userId: '@a:x', deviceId: '*', content: {} },
    ]);
    for (const bad of [
      undefined,
      [],
      'x',
      { a: {} },
      { '@a:x': [] },
      { '@a:x': { D: 'text' } },
      { '@a:x': { D: [] } },
    ]) {
      expect(messagesIn(bad), JSON.stringify(bad)).to.equal(undefined);
    }
  });

  it('go to each server in parts of a moderate size, none of them twice or missing', () => {
    const message = fc.record({
      userId: fc.constantFrom('a:x', 'b:x', 'c:y').map(user),
      deviceId: fc.string({ minLength: 1 }),
      content: fc.integer({ min: 0, max: 60_000 }).map((length) => ({ text: 'x'.repeat(length) })),
    });
    const unique = fc.uniqueArray(message, { maxLength: 12, selector: (one) => `${one.userId} ${one.deviceId}` });
    fc.assert(
      fc.property(unique, (messages: readonly Message[]) => {
        const servers = byServer(messages);
        const sent = [...servers].flatMap(([server, maps]) =>
          maps.flatMap((map) => {
            const part = messagesIn(map) ?? [];
            const bytes = part.reduce((sum, one) => sum + sizeOf(one), 0);
            expect(part.length === 1 || bytes <= 50_000).to.equal(true);
            expect(part.every(({ userId }) => userId.endsWith(`:${server}`))).to.equal(true);
            return part;
          }),
        );
        const byName = (one: Message, other: Message) =>
          `${one.userId} ${one.deviceId}` < `${other.userId} ${other.deviceId}` ? -1 : 1;
        expect(sent.toSorted(byName)).to.eql(messages.toSorted(byName));
      }),
      { numRuns: 50 },
    );
  });
});
