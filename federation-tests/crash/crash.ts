import { setTimeout as pause } from 'node:timers/promises';
import { Person } from '../src/people.ts';
import type { ServerProcess } from '../src/process.ts';
import { brokenRules } from './consistency.ts';
import { Load } from './load.ts';
import { missingEvents, timelineFaults } from './verify.ts';

export interface CrashOptions {
  readonly server: ServerProcess;
  readonly times: number;
  /** Where the database can be looked into, once the server runs. */
  readonly databaseUrl: () => string;
  /** Told of each kill; may kill more than the server. */
  readonly onKill?: (kill: number) => Promise<void>;
  readonly writers?: number;
  readonly rooms?: number;
  readonly report?: (line: string) => void;
}

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly repeated: number;
  /** Everything that is wrong, as sentences. */
  readonly faults: readonly string[];
  readonly restartSeconds: readonly number[];
}

const PASSES_MS = { least: 150, most: 900 };

/** Kills a server again and again while people talk, and looks for what it has forgotten. */
export const crash = async (options: CrashOptions): Promise<CrashReport> => {
  const { server, times, databaseUrl, onKill, writers = 8, rooms = 4, report = () => undefined } = options;
  await server.start();
  let up = Promise.withResolvers<void>();
  up.resolve();
  const load = new Load(() => up.promise);
  const { owner, places } = await populate(server, rooms);
  for (let n = 0; n < writers; n++) {
    const writer = await Person.register(server, `writer${n}`);
    const room = places[n % places.length]!;
    await writer.join(room);
    load.add(writer, room);
  }

  const faults: string[] = [];
  const restartSeconds: number[] = [];
  let verified = 0;
  for (let kill = 1; kill <= times; kill++) {
    await pause(PASSES_MS.least + Math.random() * (PASSES_MS.most - PASSES_MS.least));
    up = Promise.withResolvers<void>();
    await server.kill();
    await onKill?.(kill);
    restartSeconds.push(await server.start());
    // Looked at before anybody writes again.
    const fresh = load.acknowledged.slice(verified);
    verified += fresh.length;
    const lost = await missingEvents(owner, fresh);
    faults.push(...lost.map(({ text }) => `kill ${kill}: "${text}" was acknowledged and is lost`));
    faults.push(...(await brokenRules(databaseUrl())).map((rule) => `kill ${kill}: not so: ${rule}`));
    await owner.view.sync().catch((error: unknown) => faults.push(`kill ${kill}: ${String(error)}`));
    report(
      `kill ${kill}: ${fresh.length} more acknowledged, ${lost.length} lost, back in ${restartSeconds.at(-1)?.toFixed(2)} s`,
    );
    up.resolve();
  }
  await load.stop();
  faults.push(...(await timelineFaults(owner, load.acknowledged)));
  return { kills: times, acknowledged: load.acknowledged.length, repeated: load.repeated, faults, restartSeconds };
};

const populate = async (server: ServerProcess, rooms: number): Promise<{ owner: Person; places: string[] }> => {
  const owner = await Person.register(server, 'owner');
  const places: string[] = [];
  const power_level_content_override = { users_default: 50 };
  for (let n = 0; n < rooms; n++)
    places.push(await owner.createRoom({ preset: 'public_chat', power_level_content_override }));
  return { owner, places };
};
