import { SignalRequest } from '@livekit/protocol';
import { expect } from 'chai';
import { costOf } from './costs.ts';

describe('what a request of a client costs', () => {
  const tracks = (count: number): string[] => Array.from({ length: count }, (_, index) => `TR_${index}`);
  type Asked = NonNullable<ConstructorParameters<typeof SignalRequest>[0]>['message'];
  const cases: readonly [string, Asked, number][] = [
    ['a sign of life', { case: 'ping', value: 1n }, 0],
    ['muting, of which everybody is told', { case: 'mute', value: { sid: 'TR_1', muted: true } }, 5],
    ['wishes for many tracks', { case: 'trackSetting', value: { trackSids: tracks(800) } }, 100],
    [
      'what one wants, said in both ways',
      { case: 'subscription', value: { trackSids: tracks(8), participantTracks: [{ trackSids: tracks(16) }] } },
      3,
    ],
    ['what one had before', { case: 'syncState', value: { trackSidsDisabled: tracks(8) } }, 1],
  ];
  for (const [name, message, cost] of cases) {
    it(name, () => expect(costOf(new SignalRequest(message ? { message } : {}))).to.equal(cost));
  }
});
