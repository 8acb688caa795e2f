import {
  Codec,
  ICEServer,
  JoinResponse,
  ReconnectResponse,
  Room,
  ServerInfo,
  ServerInfo_Edition,
} from '@livekit/protocol';
import type { Participant } from '../sfu/participant.ts';
import type { Outgoing } from './encoder.ts';
import { TIMES } from './times.ts';
import { participantInfo } from './translate.ts';

/** What clients know LiveKit's servers by; they refuse one that has no version, and ask newer ones for more. */
const PROTOCOL = 15;
const VERSION = '1.8.0';
const CODECS = ['video/VP8', 'video/H264', 'video/VP9', 'audio/opus'];
const EMPTY_TIMEOUT_SECONDS = 300;

const serverInfo = () =>
  new ServerInfo({ edition: ServerInfo_Edition.Standard, version: VERSION, protocol: PROTOCOL, nodeId: 'holm' });

/** A relay, for clients whose network lets nothing else through. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

const iceServer = ({ urls, ...secrets }: IceServer) => new ICEServer({ urls: [...urls], ...secrets });

export const joinMessage = (participant: Participant, relays: readonly IceServer[]): Outgoing => ({
  case: 'join',
  value: new JoinResponse({
    room: roomInfo(participant),
    participant: participantInfo(participant),
    otherParticipants: participant.room.others(participant).map(participantInfo),
    serverVersion: VERSION,
    serverInfo: serverInfo(),
    // Two connections: what a client sends is offered by it, what it is sent is offered by us, at once.
    subscriberPrimary: true,
    pingInterval: TIMES.pingIntervalSeconds,
    pingTimeout: TIMES.pingTimeoutSeconds,
    iceServers: relays.map(iceServer),
    // Marks frames that a server puts in, unencrypted, in place of missing ones. We never do.
    sifTrailer: new TextEncoder().encode(participant.room.id),
    fastPublish: false,
    enabledPublishCodecs: CODECS.map((mime) => new Codec({ mime })),
  }),
});

const roomInfo = ({ room }: Participant): Room =>
  new Room({
    sid: room.id,
    name: room.name,
    emptyTimeout: EMPTY_TIMEOUT_SECONDS,
    departureTimeout: TIMES.resumeMs / 1_000,
    creationTime: BigInt(Math.floor(room.startedAt / 1_000)),
    creationTimeMs: BigInt(room.startedAt),
    numParticipants: room.participants.size,
  });

export const reconnectMessage = (relays: readonly IceServer[]): Outgoing => ({
  case: 'reconnect',
  value: new ReconnectResponse({ iceServers: relays.map(iceServer), serverInfo: serverInfo() }),
});
