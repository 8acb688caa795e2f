// `npm run bench:calls [-- --quick]`: how many streams one core sends, beside what mediasoup sends without a homeserver around
// it, and how long it takes to come to a call. See docs/benchmarks.md.
import { parseArgs } from 'node:util';
import { silentLog } from '@holm/homeserver/platform/log';
import { systemClock } from '@holm/homeserver/platform/clock';
import { startEmbedded } from '@holm/homeserver/storage/embedded';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorker } from 'mediasoup';
import { clientCodecs, MediaClient } from '../../src/media-client.ts';
import { AUDIO, type RtpSource, type StreamShape, VIDEO } from '../../src/rtp-source.ts';
import { quantile } from '../load.ts';
import { describeMachine } from '../report.ts';
import { Table, median, time } from '../rooms/table.ts';
import { Helper, clientWorker, cpuSeconds } from './machine.ts';
import { publishRaw } from './raw-publisher.ts';

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;
const { people, rounds, windowMs, joins } = quick
  ? { people: 40, rounds: 1, windowMs: 2_000, joins: 10 }
  : { people: 200, rounds: 3, windowMs: 6_000, joins: 100 };
const FIFTY = 50;
const SETTLE_MS = 1_500;
const TARGET = 0.8;
const LEAST_OF_RAW = 0.95;

interface House {
  readonly url: string;
  readonly workerPid: number;
  readonly large: readonly string[];
  readonly fifty: readonly string[];
}

/** One of the two that are compared, with all that it sends to. */
interface Side {
  readonly workerPid: number;
  readonly nodePid: number;
  readonly sources: readonly RtpSource[];
  readonly audience: Helper;
}

/** Seconds of processor time for each second, and packets that came in for each second. */
interface Share {
  readonly worker: number;
  readonly node: number;
  readonly packets: number;
}

await using stack = new AsyncDisposableStack();
if (process.env['TEST_DATABASE_URL'] === undefined) {
  const dataDir = mkdtempSync(join(tmpdir(), 'holm-bench-calls-'));
  stack.defer(() => rmSync(dataDir, { recursive: true }));
  const database = await startEmbedded({ dataDir, log: silentLog });
  stack.defer(() => database.stop());
  process.env['TEST_DATABASE_URL'] = database.url;
}
describeMachine('beside it');
const table = new Table();

const worker = await createWorker({ workerBin: clientWorker(), logLevel: 'error' });
stack.defer(() => worker.close());
const router = await worker.createRouter({ mediaCodecs: clientCodecs });

const helper = (name: string): Helper => stack.use(new Helper(name));

const seat = async (invitation: object): Promise<Helper> => {
  const audience = helper('audience.ts');
  await audience.says();
  await audience.ask({ count: people, ...invitation });
  return audience;
};

const client = async (url: string, token = ''): Promise<MediaClient> => {
  const joined = await MediaClient.join(url, token, router);
  if (!joined) throw new Error('was not let in');
  return joined;
};

/** What one kind of stream costs, while the audience is stopped and its cores are free. */
const measure = async ({ audience, sources, workerPid, nodePid }: Side, kind: string): Promise<Share> => {
  const source = sources.find(({ producer }) => producer.kind === kind);
  if (!source) throw new Error('nobody sends this');
  source.resume();
  await systemClock.sleep(SETTLE_MS);
  audience.process.kill('SIGSTOP');
  const before = { worker: cpuSeconds(workerPid), node: cpuSeconds(nodePid), sent: source.sent, at: performance.now() };
  await systemClock.sleep(windowMs);
  const seconds = (performance.now() - before.at) / 1_000;
  const share = {
    worker: (cpuSeconds(workerPid) - before.worker) / seconds,
    node: (cpuSeconds(nodePid) - before.node) / seconds,
    packets: (source.sent - before.sent) / seconds,
  };
  audience.process.kill('SIGCONT');
  source.pause();
  return share;
};

const mid = (shares: readonly Share[], of: keyof Share): number => median(shares.map((share) => share[of]));
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

const addRows = (name: string, holm: readonly Share[], raw: readonly Share[]): void => {
  const perCore = (shares: readonly Share[]) => (TARGET / mid(shares, 'worker')) * people;
  const packets = (shares: readonly Share[]) => perCore(shares) * mid(shares, 'packets');
  const cost = (shares: readonly Share[]) => (mid(shares, 'worker') / (people * mid(shares, 'packets'))) * 1e6;
  const each = (of: (shares: readonly Share[]) => string) => `${of(holm)} / ${of(raw)}`;
  table.add(
    `${name}: worker, with ${people} who are sent it (Holm / mediasoup)`,
    each((all) => percent(mid(all, 'worker'))),
  );
  table.add(
    `${name}: for each packet sent`,
    each((all) => `${cost(all).toFixed(2)} us`),
  );
  table.add(
    `${name}: packets a second at 80 % of a core`,
    each((all) => whole(packets(all))),
  );
  const ratio = perCore(holm) / perCore(raw);
  table.add(
    `${name}: streams at 80 % of a core`,
    each((all) => whole(perCore(all))),
    {
      goal: `at least 95 % of mediasoup (${percent(ratio)})`,
      isMet: ratio >= LEAST_OF_RAW,
    },
  );
  const node = mid(holm, 'node');
  const withNode = (TARGET / (mid(holm, 'worker') + node)) * people;
  table.add(`${name}: Node's own share beside it`, `${percent(node)}: ${whole(withNode)} streams with it`);
};

const compare = async (house: House, nodePid: number): Promise<void> => {
  const raw = helper('raw.ts');
  const { url: rawUrl, workerPid: rawPid } = await raw.says<Pick<House, 'url' | 'workerPid'>>();
  const shapes: readonly StreamShape[] = [VIDEO, AUDIO];
  const publisher = await client(house.url, house.large[0]);
  for (const shape of shapes) await publisher.publish(shape);
  const rawSources = await publishRaw(rawUrl, router, shapes);
  // Many who come while much is sent to them would be busy with counting it.
  const silence = () => [...publisher.sources, ...rawSources].forEach((source) => source.pause());
  silence();
  const sides: Record<'holm' | 'raw', Side> = {
    holm: {
      workerPid: house.workerPid,
      nodePid,
      sources: publisher.sources,
      audience: await seat({ url: house.url, tokens: house.large.slice(1) }),
    },
    raw: {
      workerPid: rawPid,
      nodePid: raw.pid,
      sources: rawSources,
      audience: await seat({ url: rawUrl }),
    },
  };
  for (const [name, { audience, sources }] of Object.entries(sides)) {
    for (const source of sources) source.resume();
    await systemClock.sleep(SETTLE_MS);
    silence();
    const heard = await audience.ask<number[]>({ ask: 'received' });
    const missing = heard.filter((streams) => streams < shapes.length).length;
    if (missing > 0) throw new Error(`${missing} of ${people} are not sent everything by ${name}`);
  }
  for (const [name, kind] of [
    ['Video of 1.2 Mb/s', 'video'],
    ['Sound', 'audio'],
  ] as const) {
    const [holm, mediasoup]: [Share[], Share[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      holm.push(await measure(sides.holm, kind));
      mediasoup.push(await measure(sides.raw, kind));
    }
    addRows(name, holm, mediasoup);
  }
  for (const { audience } of Object.values(sides)) audience[Symbol.dispose]();
  await publisher.leave();
};

const measureJoins = async (house: House): Promise<void> => {
  const SPEAKING = 5;
  for (let index = 0; index < FIFTY; index++) {
    const person = await client(house.url, house.fifty[index]);
    if (index < SPEAKING) await person.publish(AUDIO);
  }
  const guests = helper('joins.ts');
  await guests.says();
  const times = await guests.ask<number[]>({ url: house.url, tokens: house.fifty.slice(FIFTY, FIFTY + joins) });
  table.add(
    `Coming to a call of ${FIFTY}, ${SPEAKING} of whom speak, p50 / p99 of ${joins}`,
    `${time(quantile(times, 0.5))} / ${time(quantile(times, 0.99))}`,
  );
};

const server = helper('house.ts');
const house = await server.says<House>();
await compare(house, server.pid);
await measureJoins(house);
await stack.disposeAsync();
process.exit(0);
