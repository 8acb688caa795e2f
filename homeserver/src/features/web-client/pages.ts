export const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem; }
`;

const page = (title: string, text: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<main>
  <h1>${title}</h1>
  <p>${text}</p>
</main>
</html>
`;

export const NOT_FOUND = page('There is nothing here', 'The address may be mistyped. <a href="/">Go to the start</a>');

export const MISSING_BUILD = page(
  'The web client is not built yet',
  'The server runs, and other Matrix clients can use it. <code>npm run build</code> makes the client; then reload.',
);
