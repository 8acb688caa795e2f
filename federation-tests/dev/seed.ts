import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, call, Refused } from '../src/http.ts';
import { addressOf, type Town } from './towns.ts';

export const passwordOf = ({ user }: Town): string => `${user}-password`;

const ROOM = 'market';
const POLL_MS = 100;

/** Resolves once the server answers. */
export const answering = async (town: Town, stopped: AbortSignal): Promise<void> => {
  while (!(await isUp(town))) await pause(POLL_MS, undefined, { signal: stopped });
};

const isUp = (town: Town): Promise<boolean> =>
  fetch(`http://127.0.0.1:${town.serverPort}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Both accounts, and a room with both in it. What is there already is left as it is. */
export const seed = async (here: Town, there: Town): Promise<string> => {
  const [alice, bob] = [await logIn(here), await logIn(there)];
  const alias = `#${ROOM}:${here.serverName}`;
  const found = await alice('GET', `/directory/room/${encodeURIComponent(alias)}`);
  if (found.status === 404) {
    const wish = { preset: 'public_chat', name: 'Market', topic: 'Where north and south meet', room_alias_name: ROOM };
    wanted('create the room', await alice('POST', '/createRoom', wish));
  }
  wanted('join the room', await bob('POST', `/join/${encodeURIComponent(alias)}`, {}));
  return alias;
};

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

const logIn = async (town: Town): Promise<Ask> => {
  const base = `${addressOf(town)}/_matrix/client/v3`;
  const { user: username } = town;
  const password = passwordOf(town);
  const device = { device_id: 'DEV', initial_device_display_name: 'npm run dev' };
  const registered = await call('POST', `${base}/register`, {
    body: { username, password, auth: { type: 'm.login.dummy' }, ...device },
  });
  const identifier = { type: 'm.id.user', user: username };
  const { access_token: token } =
    registered.body.errcode === 'M_USER_IN_USE'
      ? wanted(
          'log in',
          await call('POST', `${base}/login`, { body: { type: 'm.login.password', identifier, password, ...device } }),
        )
      : wanted('register', registered);
  return (method, path, body) => call(method, `${base}${path}`, { token, body });
};

const wanted = (what: string, answer: Answer) => {
  if (answer.status !== 200) throw new Refused(what, answer);
  return answer.body;
};
