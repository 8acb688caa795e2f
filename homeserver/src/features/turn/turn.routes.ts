import { getTurnServer } from '@holm/spec/client-server/voip';
import { type Route, route } from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import { turnCredentials, type TurnSettings } from './turn-credentials.ts';

interface TurnDeps {
  readonly settings: TurnSettings;
  readonly clock: Pick<Clock, 'now'>;
}

/** For calls between two clients; those of an SFU need none. */
export const turnRoutes = ({ settings, clock }: TurnDeps): readonly Route[] => [
  route(getTurnServer, ({ caller }) => Promise.resolve(turnCredentials(settings, caller.userId, clock.now()) ?? {})),
];
