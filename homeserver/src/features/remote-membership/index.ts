export { IncomingMembership, type IncomingDeps } from './incoming.service.ts';
export { IncomingInvites, type InvitesDeps } from './invites.service.ts';
export { JoinAnswers } from './join-answers.service.ts';
export { OutgoingMembership, type OutgoingDeps } from './outgoing.service.ts';
export { remoteMembershipRoutes } from './remote-membership.routes.ts';
