// People who come to a call with LiveKit's own client, one after the other.
import { Room, dispose } from '@livekit/rtc-node';
import { timed } from '../load.ts';

export interface Guests {
  readonly url: string;
  readonly tokens: readonly string[];
}

const join = async (url: string, token: string): Promise<number> => {
  const room = new Room();
  const ms = await timed(() => room.connect(url, token, { autoSubscribe: true, dynacast: true }));
  await room.disconnect();
  return ms;
};

process.once('disconnect', () => process.exit(0));
process.on('message', ({ url, tokens }: Guests) => {
  void (async () => {
    const times: number[] = [];
    for (const token of tokens) times.push(await join(url, token));
    await dispose();
    process.send?.(times);
  })();
});
process.send?.('there');
