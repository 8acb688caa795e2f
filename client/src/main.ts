import './platform/symbols.ts';
import { systemChance } from './platform/chance.ts';
import { systemClock } from './platform/clock.ts';
import { browserLocation } from './platform/location.ts';
import { mediaQuery } from './platform/media-query.ts';
import { browserOnline } from './platform/network.ts';
import { openSocket } from './platform/socket.ts';
import { browserStorage } from './platform/storage.ts';
import { pageVisible } from './platform/visibility.ts';
import { appModel } from './models/app.ts';
import { ProblemError } from './sdk/problem.ts';
import { HolmApp } from './screens/app.ts';

const storage = browserStorage();
const online = browserOnline(window);

/** The SDK is most of the program by weight, and nobody needs it to see a form. */
const gateway = async () => {
  const { matrixGateway } = await import('./sdk/matrix/gateway.ts').catch((error: unknown) => {
    throw new ProblemError({ code: 'offline' }, { cause: error });
  });
  return matrixGateway({
    clock: systemClock,
    storage,
    online,
    fetch: (...args) => fetch(...args),
    openSocket,
    chance: systemChance,
  });
};

const model = appModel({
  clock: systemClock,
  location: browserLocation(window),
  storage,
  systemIsDark: mediaQuery(window, '(prefers-color-scheme: dark)'),
  visible: pageVisible(document),
  gateway,
});

const app = new HolmApp();
app.app = model;
document.body.append(app);
await model.start();
// While somebody reads the form, fetch what they will need next. A failure now is met again when it matters.
void gateway().catch(() => undefined);
