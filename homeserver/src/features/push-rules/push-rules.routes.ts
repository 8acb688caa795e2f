import {
  deletePushRule,
  getPushRule,
  getPushRuleActions,
  getPushRules,
  getPushRulesGlobal,
  isPushRuleEnabled,
  setPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
} from '@holm/spec/client-server/push-rules';
import { json } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { PushRules } from './push-rules.service.ts';

export const pushRulesRoutes = (rules: PushRules): readonly Route[] => [
  route(getPushRules, async ({ caller }) => json(200, { global: await rules.all(caller.userId) })),

  route(getPushRulesGlobal, async ({ caller }) => json(200, await rules.all(caller.userId))),

  route(getPushRule, async ({ caller, params }) => json(200, await rules.get(caller.userId, params))),

  route(setPushRule, async ({ body, caller, params, query }) => {
    await rules.set(caller.userId, params, { ...body, place: query });
    return {};
  }),

  route(deletePushRule, async ({ caller, params }) => {
    await rules.remove(caller.userId, params);
    return {};
  }),

  route(isPushRuleEnabled, async ({ caller, params }) => ({
    enabled: (await rules.get(caller.userId, params)).enabled,
  })),

  route(setPushRuleEnabled, async ({ body, caller, params }) => {
    await rules.setEnabled(caller.userId, params, body.enabled);
    return {};
  }),

  route(getPushRuleActions, async ({ caller, params }) =>
    json(200, { actions: (await rules.get(caller.userId, params)).actions }),
  ),

  route(setPushRuleActions, async ({ body, caller, params }) => {
    await rules.setActions(caller.userId, params, body.actions);
    return {};
  }),
];
