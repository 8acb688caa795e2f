import { DisconnectReason, LeaveRequest, LeaveRequest_Action } from '@livekit/protocol';
import type { CloseReason } from '../sfu/events.ts';
import type { Outgoing } from './encoder.ts';

const { DISCONNECT, RECONNECT } = LeaveRequest_Action;
const FAREWELLS: Readonly<Record<CloseReason, { reason: DisconnectReason; action: LeaveRequest_Action }>> = {
  left: { reason: DisconnectReason.CLIENT_INITIATED, action: DISCONNECT },
  lost: { reason: DisconnectReason.SIGNAL_CLOSE, action: RECONNECT },
  replaced: { reason: DisconnectReason.DUPLICATE_IDENTITY, action: DISCONNECT },
  removed: { reason: DisconnectReason.PARTICIPANT_REMOVED, action: DISCONNECT },
  abuse: { reason: DisconnectReason.JOIN_FAILURE, action: DISCONNECT },
  'media lost': { reason: DisconnectReason.MIGRATION, action: RECONNECT },
  stopping: { reason: DisconnectReason.SERVER_SHUTDOWN, action: RECONNECT },
};

/** What a client is told last, and whether it should come again. */
export const farewell = (closed: CloseReason): Outgoing => {
  const { reason, action } = FAREWELLS[closed];
  return { case: 'leave', value: new LeaveRequest({ reason, action, canReconnect: action === RECONNECT }) };
};
