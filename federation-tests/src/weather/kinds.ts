import type { Exchange, Reply } from './exchange.ts';

/** What happens to one request and its answer. */
export type Weather = (exchange: Exchange) => Promise<void>;

/** Longer than any server waits for the answer to a transaction. */
const FOR_EVER_MS = 90_000;
const A_WHILE_MS = 20_000;

const made = (status: number, body: object | string): Reply => ({
  status,
  headers: { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const error = (status: number, errcode: string, more: object = {}) =>
  made(status, { errcode, error: 'weather', ...more });
const page = (status: number) => made(status, '<html><body>The server behind this one is not there</body></html>');

const halved = ({ body, ...reply }: Reply): Reply => ({
  ...reply,
  body: body.subarray(0, Math.floor(body.length / 2)),
});

/** Requests that are kept to arrive once more, long after they were answered. */
const ECHOES = 20;

/** What arrived lately, again, one old request with each new one. */
const echoing = (): Weather => {
  const before: Exchange[] = [];
  return async (exchange) => {
    exchange.answer(await exchange.forward());
    const [old] = before.length > 2 ? before.splice(0, 1) : [];
    await old?.forward();
    if (before.length < ECHOES) before.push(exchange);
  };
};

/** Everything that a network, and what stands before a server, does to requests. Some kinds remember, hence functions. */
export const KINDS: Readonly<Record<string, () => Weather>> = {
  'requests are lost': () => async (exchange) => exchange.hangUp(),
  'answers are lost': () => async (exchange) => {
    await exchange.forward();
    exchange.hangUp();
  },
  'requests take a while': () => async (exchange) => {
    await exchange.wait(A_WHILE_MS);
    exchange.answer(await exchange.forward());
  },
  'requests arrive when nobody waits any more': () => async (exchange) => {
    await exchange.wait(FOR_EVER_MS);
    exchange.answer(await exchange.forward());
  },
  'answers come when nobody waits any more': () => async (exchange) => {
    const reply = await exchange.forward();
    await exchange.wait(FOR_EVER_MS);
    exchange.answer(reply);
  },
  'requests arrive twice': () => async (exchange) => {
    await exchange.forward();
    exchange.answer(await exchange.forward());
  },
  'requests arrive twice at once': () => async (exchange) => {
    const [reply] = await Promise.all([exchange.forward(), exchange.forward()]);
    exchange.answer(reply);
  },
  'requests arrive again when others have followed': echoing,
  'answers are shorter than they say': () => async (exchange) => exchange.answerHalf(await exchange.forward()),
  'answers lack their second half': () => async (exchange) => exchange.answer(halved(await exchange.forward())),
  'answers stop in the middle': () => async (exchange) => exchange.answerHalf(await exchange.forward(), FOR_EVER_MS),
  'requests break off in the middle': () => async (exchange) => {
    await exchange.forwardHalf();
    exchange.hangUp();
  },
  'requests stop in the middle': () => async (exchange) => {
    await exchange.forwardHalf(FOR_EVER_MS);
    exchange.hangUp();
  },
  'the server fails': () => async (exchange) => exchange.answer(error(500, 'M_UNKNOWN')),
  'the server fails after the work is done': () => async (exchange) => {
    await exchange.forward();
    exchange.answer(error(500, 'M_UNKNOWN'));
  },
  'a proxy stands before nothing': () => async (exchange) => exchange.answer(page(502)),
  'a proxy gives up before the server does': () => async (exchange) => {
    await exchange.forward();
    exchange.answer(page(504));
  },
  'the server has had enough': () => async (exchange) =>
    exchange.answer(error(429, 'M_LIMIT_EXCEEDED', { retry_after_ms: 30_000 })),
  'the server does not believe us': () => async (exchange) => exchange.answer(error(401, 'M_UNAUTHORIZED')),
  'another program listens there': () => async (exchange) => exchange.answer(page(200)),
};
