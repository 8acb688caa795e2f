import { createHash } from 'node:crypto';
import { getAuthFallback, getLoginFallback, passAuthFallback } from '@holm/spec/extensions/auth-fallback';
import { MatrixError } from '@holm/spec/errors';
import { Reply } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { UserInteractiveAuth } from '../../http/uia.ts';
import { LOGIN, type Page, STAGES, STYLE, textOf } from './pages.ts';

/** Pages for people whose clients do not know how this server wants to know who they are. */
export const authFallbackRoutes = (uia: UserInteractiveAuth): readonly Route[] => [
  route(getAuthFallback, ({ params }) => Promise.resolve(reply(pageOf(params.stage)))),

  route(passAuthFallback, async ({ params, body }) => {
    pageOf(params.stage);
    await uia.pass(params.stage, { ...body, type: params.stage });
    return {};
  }),

  route(getLoginFallback, () => Promise.resolve(reply(LOGIN))),
];

const pageOf = (stage: string): Page => {
  const page = STAGES.get(stage);
  if (!page) throw new MatrixError('M_NOT_FOUND', 'there is no page for this');
  return page;
};

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but the page's own script and style. It may have been opened by a client of any address, which it tells when it is done. */
const reply = (page: Page): Reply =>
  new Reply(
    200,
    {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': [
        "default-src 'none'",
        `script-src ${hashOf(page.script)}`,
        `style-src ${hashOf(STYLE)}`,
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; '),
    },
    textOf(page),
  );
