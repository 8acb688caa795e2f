export interface Page {
  readonly title: string;
  /** What stands in the form. */
  readonly fields: string;
  readonly script: string;
}

export const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 24rem; margin: 15vh auto 0; padding: 0 1.5rem; }
  form, label { display: grid; gap: 0.5rem; }
  form[hidden] { display: none; }
  input, button { font: inherit; padding: 0.5rem; }
`;

/** Whatever differs from request to request is read from the address by the script, so that no page has to be put together. */
export const textOf = ({ title, fields, script }: Page): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<main>
  <h1>${title}</h1>
  <form>${fields}<button>Continue</button></form>
  <p role="status"></p>
</main>
<script>${script}</script>
</html>
`;

const field = (name: string, label: string, attributes: string): string =>
  `<label>${label}<input name="${name}" required ${attributes}></label>`;

/** Sends what `wishOf` makes of the form, and says what became of it. */
const sending = (address: string, wishOf: string, done: string): string => `
  const form = document.querySelector('form');
  const status = document.querySelector('[role=status]');
  const query = new URLSearchParams(location.search);
  const wishOf = ${wishOf};
  const done = ${done};
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    status.textContent = '';
    try {
      const body = JSON.stringify(wishOf(Object.fromEntries(new FormData(form))));
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(${address}, { method: 'POST', headers, body });
      const said = await answer.json();
      if (!answer.ok) {
        status.textContent = said.error;
        return;
      }
      form.hidden = true;
      status.textContent = 'Thank you. You can close this page now.';
      done(said);
    } catch {
      status.textContent = 'The server cannot be reached.';
    }
  });
`;

/** https://spec.matrix.org/latest/client-server-api/#fallback */
const STAGE_SCRIPT = sending(
  'location.pathname',
  `(said) => ({ ...said, session: query.get('session') ?? '' })`,
  `() => {
    if (window.onAuthDone) window.onAuthDone();
    else if (window.opener && window.opener.postMessage) window.opener.postMessage('authDone', '*');
  }`,
);

/** https://spec.matrix.org/latest/client-server-api/#login-fallback */
const LOGIN_SCRIPT = sending(
  `location.pathname.replace(/_matrix\\/static\\/client\\/login\\/?$/, '_matrix/client/v3/login')`,
  `({ user, password }) => ({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password,
    device_id: query.get('device_id') ?? undefined,
    initial_device_display_name: query.get('initial_device_display_name') ?? undefined,
  })`,
  `(session) => {
    if (window.matrixLogin && window.matrixLogin.onLogin) window.matrixLogin.onLogin(session);
    else if (window.onLogin) window.onLogin(session);
  }`,
);

const PASSWORD = field('password', 'Password', 'type="password" autocomplete="current-password"');

export const LOGIN: Page = {
  title: 'Log in',
  fields: field('user', 'User name', 'autocomplete="username" autocapitalize="none"') + PASSWORD,
  script: LOGIN_SCRIPT,
};

/** By the name of the stage. */
export const STAGES: ReadonlyMap<string, Page> = new Map([
  ['m.login.dummy', { title: 'Continue', fields: '', script: STAGE_SCRIPT }],
  ['m.login.password', { title: 'Enter your password', fields: PASSWORD, script: STAGE_SCRIPT }],
  [
    'm.login.registration_token',
    {
      title: 'Enter your registration token',
      fields: field('token', 'Registration token', 'autocomplete="off" autocapitalize="none"'),
      script: STAGE_SCRIPT,
    },
  ],
]);
