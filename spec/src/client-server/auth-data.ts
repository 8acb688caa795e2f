import { Type } from '@sinclair/typebox';

/** What a client says to pass a stage of user-interactive authentication. Further members depend on the stage. */
export const authData = Type.Object({
  type: Type.Optional(Type.String()),
  session: Type.Optional(Type.String()),
});

/** https://spec.matrix.org/latest/client-server-api/#identifier-types */
export const userIdentifier = Type.Object({
  type: Type.String(),
  user: Type.Optional(Type.String()),
});
