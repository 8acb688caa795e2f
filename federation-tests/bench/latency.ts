import { setTimeout as pause } from 'node:timers/promises';
import { type Client, nextBatch, type Person } from './client.ts';

/** Longest wait for what is under way when the last message has been sent. */
const STRAGGLERS_MS = 10_000;

interface Conversation {
  readonly client: Client;
  /** Where the receivers are, if they are not where the sender is. */
  readonly elsewhere?: Client;
  readonly room: string;
  readonly sender: Person;
  readonly receivers: readonly Person[];
}

/**
 * Sends `rate` messages a second, whether or not those before have arrived, to people who follow by long polls.
 * The time is from the call of send to the moment when the whole answer of a sync with the message has been read.
 */
export const sendToSync = async (
  { client, elsewhere = client, room, sender, receivers }: Conversation,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<readonly number[]> => {
  const total = rate * seconds;
  const sentAt: number[] = [];
  const times: number[] = [];
  const mark = `m${Date.now().toString(36)}_`;
  const marks = new RegExp(`${mark}(\\d+)\\b`, 'g');
  let isOver = false;

  const follow = async (person: Person): Promise<void> => {
    let since = nextBatch(await elsewhere.sync(person));
    while (!isOver) {
      const answer = await elsewhere.sync(person, { since, timeout: 1000 });
      const now = performance.now();
      since = nextBatch(answer);
      for (const [, index] of answer.matchAll(marks)) times.push(now - (sentAt[Number(index)] ?? Number.NaN));
    }
  };
  const following = receivers.map(follow);
  await pause(1000);

  const start = performance.now();
  const sends: Promise<void>[] = [];
  for (let index = 0; index < total; index++) {
    await pause(Math.max(0, start + (index * 1000) / rate - performance.now()));
    sentAt[index] = performance.now();
    sends.push(client.say(sender, room, `${mark}${index}`));
  }
  await Promise.all(sends);
  const expected = total * receivers.length;
  const patience = performance.now() + STRAGGLERS_MS;
  while (times.length < expected && performance.now() < patience) await pause(20);
  isOver = true;
  await Promise.all(following);
  if (times.length !== expected) throw new Error(`${times.length} of ${expected} messages arrived`);
  return times;
};
