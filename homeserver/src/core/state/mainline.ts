import type { EventId } from '@holm/spec/ids';
import type { StateEvent } from '../events/event.ts';
import { byTime } from './power-order.ts';
import type { Gathered, Gathering } from './resolve-events.ts';

/** Where an event's line of power levels has been followed to. */
interface Line {
  readonly event: StateEvent;
  /** Power levels, nearest first. */
  readonly seen: StateEvent[];
  ended: boolean;
}

/**
 * The *mainline ordering*: events by where their power levels meet the line of those that have won, from the oldest
 * place to the newest, those that never meet it first; then by time and event id.
 * https://spec.matrix.org/latest/rooms/v2/#definitions
 *
 * Both sides are followed at the same pace and only until they have met, so that an old room's history of power
 * levels is not read for events of today. A power levels event has one predecessor at most: two lines that have met
 * stay together, and so the first meeting that is found is the right one.
 */
export function* inMainlineOrder(
  gathered: Gathered,
  events: readonly StateEvent[],
  powerLevels: StateEvent | undefined,
): Gathering<StateEvent[]> {
  const lines = events.map((event): Line => ({ event, seen: [], ended: false }));
  const mainline: Line | undefined = powerLevels && { event: powerLevels, seen: [powerLevels], ended: false };
  if (mainline !== undefined) yield* meet(gathered, lines, mainline);
  const position = new Map(mainline?.seen.map((event, index) => [event.eventId, index]));
  const positions = new Map(lines.map((line) => [line.event.eventId, meeting(line, position) ?? Infinity]));
  const at = (event: StateEvent): number => positions.get(event.eventId) ?? Infinity;
  return [...events].sort((x, y) => (at(x) === at(y) ? byTime(x, y) : at(x) > at(y) ? -1 : 1));
}

function* meet(gathered: Gathered, lines: readonly Line[], mainline: Line): Gathering<void> {
  const position = new Map<EventId, number>([[mainline.event.eventId, 0]]);
  let apart = [...lines];
  while (apart.length > 0) {
    // A line that has ended waits for the mainline to come down to it; when that has ended too, they never meet.
    const moving = [mainline, ...apart].filter(({ ended }) => !ended);
    if (moving.length === 0) return;
    yield* gathered.load(moving.flatMap((line) => tip(line).authEvents));
    for (const line of moving) advance(gathered, line);
    for (const [index, event] of mainline.seen.entries()) position.set(event.eventId, index);
    apart = apart.filter((line) => meeting(line, position) === undefined && !(line.ended && line.seen.length === 0));
  }
}

const tip = (line: Line): StateEvent => line.seen.at(-1) ?? line.event;

const advance = (gathered: Gathered, line: Line): void => {
  const next = gathered.powerLevels(tip(line));
  if (next === undefined) line.ended = true;
  else line.seen.push(next);
};

const meeting = (line: Line, position: ReadonlyMap<EventId, number>): number | undefined => {
  for (const { eventId } of line.seen) {
    const index = position.get(eventId);
    if (index !== undefined) return index;
  }
  return undefined;
};
