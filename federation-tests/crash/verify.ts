import type { Person } from '../src/people.ts';
import type { Acknowledged } from './load.ts';

const AT_ONCE = 16;

/** Which of these the server does not have under their ids. */
export const missingEvents = async (reader: Person, events: readonly Acknowledged[]): Promise<Acknowledged[]> => {
  const missing: Acknowledged[] = [];
  for (let start = 0; start < events.length; start += AT_ONCE) {
    const batch = events.slice(start, start + AT_ONCE);
    const answers = await Promise.all(batch.map(({ room, eventId }) => reader.event(room, eventId)));
    missing.push(...batch.filter(({ text }, index) => answers[index]?.body.content?.body !== text));
  }
  return missing;
};

/** What is wrong with the timelines, read from the newest event to the first, against everything acknowledged. */
export const timelineFaults = async (reader: Person, events: readonly Acknowledged[]): Promise<string[]> => {
  const faults: string[] = [];
  for (const [room, expected] of Map.groupBy(events, (event) => event.room)) {
    const history = await reader.history(room, 1000);
    const ids = new Set<string>(history.map(({ event_id: id }) => id));
    const texts = history.flatMap(({ content }) => (content.body === undefined ? [] : [content.body]));
    faults.push(...expected.filter(({ eventId }) => !ids.has(eventId)).map(({ text }) => `"${text}" is missing`));
    if (ids.size < history.length) faults.push(`${room} shows events twice`);
    // A send that was repeated after a kill must not have become two events.
    if (new Set(texts).size < texts.length) faults.push(`${room} has ${texts.length - new Set(texts).size} duplicates`);
  }
  return faults;
};
