import { setTyping } from '@holm/spec/client-server/typing';
import { type Route, route } from '../../http/route.ts';
import { assertSelf, type Typing } from './typing.service.ts';

export const typingRoutes = (typing: Typing): readonly Route[] => [
  route(setTyping, async ({ body, caller, params: { roomId, userId } }) => {
    assertSelf(caller.userId, userId);
    await typing.set(userId, roomId, body.typing ? { forMs: body.timeout } : 'stopped');
    return {};
  }),
];
