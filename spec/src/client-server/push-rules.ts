import { Type } from '@sinclair/typebox';
import { clientEndpoint } from '../endpoint.ts';
import { formats, nothing } from '../formats.ts';
import { name } from '../text.ts';

const kind = Type.Union([
  Type.Literal('override'),
  Type.Literal('content'),
  // MSC4306: there are none but predefined ones.
  Type.Literal('postcontent'),
  Type.Literal('room'),
  Type.Literal('sender'),
  Type.Literal('underride'),
]);
const one = Type.Object({ kind, ruleId: name });
const actions = Type.Array(Type.Union([Type.String(), formats.object]), { maxItems: 100 });
const MAX_BYTES = 64 * 1024;

export const getPushRules = clientEndpoint({
  operationId: 'getPushRules',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/',
  // Some clients leave the last slash out.
  aliases: ['/_matrix/client/v3/pushrules', '/_matrix/client/r0/pushrules'],
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: Type.Object({ global: formats.object }),
});

export const getPushRulesGlobal = clientEndpoint({
  operationId: 'getPushRulesGlobal',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/',
  aliases: ['/_matrix/client/v3/pushrules/global', '/_matrix/client/r0/pushrules/global'],
  auth: 'user',
  params: nothing,
  query: nothing,
  body: nothing,
  response: formats.object,
});

export const getPushRule = clientEndpoint({
  operationId: 'getPushRule',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: formats.object,
});

export const setPushRule = clientEndpoint({
  operationId: 'setPushRule',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId',
  auth: 'user',
  params: one,
  query: Type.Object({ before: Type.Optional(Type.String()), after: Type.Optional(Type.String()) }),
  body: Type.Object({
    actions,
    conditions: Type.Optional(Type.Array(formats.object, { maxItems: 100 })),
    pattern: Type.Optional(Type.String()),
  }),
  response: nothing,
  maxBodyBytes: MAX_BYTES,
});

export const deletePushRule = clientEndpoint({
  operationId: 'deletePushRule',
  method: 'DELETE',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: nothing,
});

export const isPushRuleEnabled = clientEndpoint({
  operationId: 'isPushRuleEnabled',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId/enabled',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: Type.Object({ enabled: Type.Boolean() }),
});

export const setPushRuleEnabled = clientEndpoint({
  operationId: 'setPushRuleEnabled',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId/enabled',
  auth: 'user',
  params: one,
  query: nothing,
  body: Type.Object({ enabled: Type.Boolean() }),
  response: nothing,
});

export const getPushRuleActions = clientEndpoint({
  operationId: 'getPushRuleActions',
  method: 'GET',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId/actions',
  auth: 'user',
  params: one,
  query: nothing,
  body: nothing,
  response: Type.Object({ actions }),
});

export const setPushRuleActions = clientEndpoint({
  operationId: 'setPushRuleActions',
  method: 'PUT',
  path: '/_matrix/client/v3/pushrules/global/:kind/:ruleId/actions',
  auth: 'user',
  params: one,
  query: nothing,
  body: Type.Object({ actions }),
  response: nothing,
  maxBodyBytes: MAX_BYTES,
});
