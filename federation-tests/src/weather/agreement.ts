import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { pathOf, type Person } from '../people.ts';
import type { Day } from './day.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/**
 * All that a server shows of a room's history, by event id. To page through it fills what gaps there are; a redaction that
 * came by that way is shown once its event has come, too, which is further down.
 */
const historyOf = async (eyes: Person, room: string): Promise<Readonly<Record<string, any>>> => {
  await eyes.history(room, 100);
  const events = await eyes.history(room, 100);
  const shown = events.map(({ event_id: id, type, sender, state_key: key, content, origin_server_ts: at }) => {
    return [id, { type, sender, key, content, at }] as const;
  });
  return Object.fromEntries(shown.sort(([one], [other]) => (one < other ? -1 : 1)));
};

/** Which edit each message of a room is shown with. */
const editsOf = async (
  eyes: Person,
  room: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, string>>> => {
  const edited = await Promise.all(
    ids.map(async (id) => [id, (await eyes.event(room, id)).body.unsigned?.['m.relations']?.['m.replace']?.event_id]),
  );
  return Object.fromEntries(edited.filter(([, edit]) => edit !== undefined));
};

/** How far everybody has read, in the room and in its threads. */
const receiptsOf = async (eyes: Person, room: string): Promise<Readonly<Record<string, string>>> => {
  const { ephemeral } = (await eyes.ask('GET', '/sync')).rooms.join[room];
  const told = ephemeral.events.filter(({ type }: any) => type === 'm.receipt').map(({ content }: any) => content);
  const receipts = told.flatMap(Object.entries<any>).flatMap(([event, types]: any) =>
    Object.entries<any>(types['m.read'] ?? {}).map(([user, { ts, thread_id: thread = '' }]) => {
      return [`${user} ${thread}`, `${event} at ${ts}`];
    }),
  );
  return Object.fromEntries(receipts);
};

const unreadOf = async (watcher: Person, room: string): Promise<any> =>
  (await watcher.ask('GET', '/sync')).rooms.join[room].unread_notifications;

/** The letters that a device has got, in their order. */
const lettersOf = async (person: Person): Promise<{ sender: string; n: number }[]> => {
  const letters: { sender: string; n: number }[] = [];
  for (;;) {
    const { to_device: told } = await person.view.sync();
    if (!told?.events?.length) return letters;
    const mine = told.events.filter(({ type }: any) => type === 'org.example.letter');
    letters.push(...mine.map(({ sender, content }: any) => ({ sender, n: content.n })));
  }
};

const devicesOf = async (reader: Person, users: readonly Person[]): Promise<any> => {
  const wanted = Object.fromEntries(users.map(({ userId }) => [userId, []]));
  const { device_keys: found, failures } = await reader.ask('POST', '/keys/query', { device_keys: wanted });
  expect(failures).to.eql({});
  return Object.fromEntries(users.map(({ userId }) => [userId, Object.keys(found[userId] ?? {}).sort()]));
};

/** What is not the same, or only in one of the two. */
const differences = (
  one: Readonly<Record<string, any>>,
  other: Readonly<Record<string, any>>,
  hidden: ReadonlySet<string> = new Set(),
): string =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter((key) => !hidden.has(key) && !isDeepStrictEqual(one[key], other[key]))
    .map((key) => `${key}: ${JSON.stringify(one[key])} / ${JSON.stringify(other[key])}`)
    .join('\n');

/** Everybody sees the same of a room: state key by key, history event by event. */
const expectSameRoom = async (
  { room, residents }: Day,
  hidden: ReadonlySet<string>,
  why: string,
): Promise<string[]> => {
  const [first, ...others] = residents as [Person, ...Person[]];
  const [state, history] = [await first.state(room), await historyOf(first, room)];
  for (const other of others) {
    const parties = `${first.userId} / ${other.userId}\n${why}`;
    expect(differences(state, await other.state(room)), `state of ${parties}`).to.equal('');
    const told = await historyOf(other, room);
    expect(differences(history, told, hidden), `history of ${parties}`).to.equal('');
  }
  return Object.keys(history);
};

/** Who has read nothing has the same to read everywhere. */
export const expectSameUnread = async ({ room, watchers, log }: Day): Promise<void> => {
  const [unread, ...others] = await Promise.all(watchers.map((watcher) => unreadOf(watcher, room)));
  for (const other of others) expect(other, `unread\n${log.join(', ')}`).to.eql(unread);
};

/** Nothing that was acknowledged that day is lost on any server, and all are of one mind. */
export const expectAgreement = async (day: Day): Promise<void> => {
  const { room, residents } = day;
  const why = day.log.join(', ');
  const hidden = await day.hiddenDepartures();
  const seen = await expectSameRoom(day, hidden, why);
  expect(seen, why).to.include.members([...day.events].filter((id) => !hidden.has(id)));
  const [edits, ...otherEdits] = await Promise.all(residents.map((eyes) => editsOf(eyes, room, seen)));
  for (const other of otherEdits) expect(other, `edits\n${why}`).to.eql(edits);
  const receipts = await receiptsOf(residents[0]!, room);
  for (const other of residents.slice(1)) {
    expect(differences(receipts, await receiptsOf(other, room)), `receipts of ${other.userId}\n${why}`).to.equal('');
  }
  expect(Object.keys(receipts), why).to.include.members([...day.receipts]);
  for (const resident of residents) await expectLetters(day, resident);
  const [devices, ...otherDevices] = await Promise.all(residents.map((reader) => devicesOf(reader, residents)));
  for (const other of otherDevices) expect(other, `devices\n${why}`).to.eql(devices);
  for (const journey of day.journeys) await expectArrival(journey, why);
};

/** Each once, and those of one sender in their order. */
const expectLetters = async ({ letters, log }: Day, to: Person): Promise<void> => {
  const got = await lettersOf(to);
  const sent = letters.filter((letter) => letter.to === to);
  for (const sender of new Set(sent.map(({ from }) => from.userId))) {
    const ns = (of: readonly { n: number }[]) => of.map(({ n }) => n);
    const due = sent.filter(({ from }) => from.userId === sender);
    const came = got.filter((letter) => letter.sender === sender);
    expect(ns(came), `letters to ${to.userId} from ${sender}\n${log.join(', ')}`).to.eql(ns(due));
  }
};

/** Who was told that they are in is in; who was not can come now. */
const expectArrival = async ({ room, host, guest, isAcknowledged }: Day['journeys'][number], why: string) => {
  if (!isAcknowledged) await guest.join(room, [host.home.name]);
  await host.ask('GET', `${pathOf(room)}/joined_members`);
  const members = await guest.members(room);
  expect(members, why).to.eql({ [host.userId]: 'join', [guest.userId]: 'join' });
  expect(await host.members(room), why).to.eql(members);
  expect(await host.state(room), why).to.eql(await guest.state(room));
};
