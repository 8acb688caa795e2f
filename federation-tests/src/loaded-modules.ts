// Preloaded into a homeserver's process: writes down which files it loads, into the file that `?into=` names. Nothing of the server
// knows of it.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const into = new URL(import.meta.url).searchParams.get('into');

if (into !== null) {
  registerHooks({
    load(url, context, next) {
      appendFileSync(into, `${url}\n`);
      return next(url, context);
    },
  });
}
