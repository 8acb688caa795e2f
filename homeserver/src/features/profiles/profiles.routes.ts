import {
  deleteProfileField,
  getProfileField,
  getUserProfile,
  setProfileField,
} from '@holm/spec/client-server/profiles';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { queryProfile } from '@holm/spec/server-server/queries';
import { type Caller, type Route, route } from '../../http/route.ts';
import type { Profiles } from './profiles.service.ts';

export const profilesRoutes = (profiles: Profiles): readonly Route[] => [
  route(getUserProfile, ({ params }) => profiles.get(params.userId)),

  route(getProfileField, ({ params }) => profiles.get(params.userId, params.keyName)),

  route(setProfileField, async ({ body, caller, params: { keyName, userId } }) => {
    assertOwn(caller, userId);
    const value = Object.hasOwn(body, keyName) ? body[keyName] : undefined;
    if (value === undefined) throw new MatrixError('M_MISSING_PARAM', `the body has no member of the field's name`);
    await profiles.set(userId, keyName, value);
    return {};
  }),

  route(deleteProfileField, async ({ caller, params }) => {
    assertOwn(caller, params.userId);
    await profiles.remove(params.userId, params.keyName);
    return {};
  }),

  // A field that is not set is left out of the answer: other servers are told 404 only of users who are not there.
  route(queryProfile, async ({ query: { field, user_id: userId } }) => {
    const profile = await profiles.localProfile(userId);
    const value = field !== undefined && Object.hasOwn(profile, field) ? profile[field] : undefined;
    return field === undefined ? profile : { ...(value !== undefined && { [field]: value }) };
  }),
];

const assertOwn = (caller: Caller, userId: UserId): void => {
  if (caller.userId !== userId) throw new MatrixError('M_FORBIDDEN', 'this is the profile of somebody else');
};
