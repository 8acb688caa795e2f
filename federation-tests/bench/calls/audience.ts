// Many who are sent what is published, and look at nothing: they cost next to nothing, and while they are stopped nothing at all.
import { createWorker } from 'mediasoup';
import { MediaClient, clientCodecs } from '../../src/media-client.ts';
import { MediaPeer, type RemoteEnd } from '../../src/media-peer.ts';
import { each } from '../load.ts';
import { clientWorker } from './machine.ts';

export interface Invitation {
  readonly url: string;
  readonly count: number;
  /** Without them, it is the server without signalling. */
  readonly tokens?: readonly string[];
}

const AT_ONCE = 8;

const worker = await createWorker({ workerBin: clientWorker(), logLevel: 'error' });
const router = await worker.createRouter({ mediaCodecs: clientCodecs });
const ends: MediaPeer[] = [];

const joinRaw = async (url: string): Promise<MediaPeer> => {
  const end = await MediaPeer.open(router);
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ fingerprint: end.fingerprint }) });
  await end.connect((await answer.json()) as RemoteEnd);
  return end;
};

const join = async (url: string, token: string): Promise<MediaPeer> => {
  const client = await MediaClient.join(url, token, router);
  if (!client) throw new Error('was not let in');
  return client.downstream;
};

process.once('disconnect', () => process.exit(0));
process.on('message', (asked: Invitation | { readonly ask: 'received' }) => {
  if ('ask' in asked) return process.send?.(ends.map(({ received }) => received.size));
  const { url, count, tokens } = asked;
  void each(count, AT_ONCE, async (index) => {
    const end = await (tokens ? join(url, tokens[index] ?? '') : joinRaw(url));
    end.deafen();
    ends.push(end);
  }).then(() => process.send?.('ready'));
  return undefined;
});
process.send?.('there');
