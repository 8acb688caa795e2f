import {
  RequestResponse,
  RequestResponse_Reason,
  SignalRequest,
  SubscriptionError,
  type UpdateSubscription,
} from '@livekit/protocol';
import type { Track } from '../sfu/track.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Participant } from '../sfu/participant.ts';
import type { Budget } from './budget.ts';
import type { Outgoing } from './encoder.ts';
import type { AnnounceRefusal, Publisher } from './publisher.ts';
import type { Subscriber } from './subscriber.ts';
import { audioFeaturesOf, wishOf } from './translate.ts';

/** What clients ask for and do not get. */
export type Refused =
  | 'messages'
  | 'offers'
  | 'session description'
  | 'frame'
  | 'tracks'
  | 'not allowed'
  | 'streams'
  | 'bitrate'
  | 'data'
  | 'failed';

/** The client that asks. */
export interface Requester {
  readonly participant: Participant;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  /** How often it may still offer. */
  readonly offers: Budget;
  readonly deps: { readonly clock: Clock; readonly refused: (what: Refused) => void };
  send(message: Outgoing): void;
  /** Sends it away. */
  refuse(what: Refused): void;
}

const LONG_OFFER_BYTES = 32_768;

type Message = NonNullable<SignalRequest['message']>;
type Case = NonNullable<Message['case']>;
type ValueOf<C extends Case> = Extract<Message, { case: C }>['value'];
type Answers = { readonly [C in Case]?: (session: Requester, value: ValueOf<C>) => Promise<void> | void };

/**
 * What clients ask. Left out is what needs nothing of us: candidates of their addresses, which are learnt from where their
 * packets come from; reports for LiveKit's own services; and what only its newer protocol has.
 */
const answers: Answers = {
  offer: async (session, offer) => {
    // A long one takes as long to read as several.
    if (!session.offers.take(1 + offer.sdp.length / LONG_OFFER_BYTES)) return session.refuse('offers');
    const answer = await session.publisher.answer(offer);
    if (answer === 'too many sections') return session.participant.close('media lost');
    if (typeof answer === 'string') return session.refuse('session description');
    session.send({
      case: 'answer',
      value: { type: 'answer', sdp: answer.sdp, id: offer.id, midToTrackId: { ...answer.midToTrackId } },
    });
  },

  answer: async (session, answer) => {
    const agreement = await session.subscriber.answer(answer);
    if (agreement.state === 'refused') return session.refuse('session description');
    if (agreement.state === 'stale') return;
    for (const subscription of agreement.agreed) await subscription.agree();
    for (const { track } of agreement.rejected) {
      session.participant.unsubscribe(track.id);
      session.send({
        case: 'subscriptionResponse',
        value: { trackSid: track.id, err: SubscriptionError.SE_CODEC_UNSUPPORTED },
      });
    }
  },

  addTrack: (session, request) => {
    const track = session.publisher.announce(request);
    if (typeof track !== 'string') {
      return session.send({ case: 'trackPublished', value: { cid: request.cid, track } });
    }
    session.deps.refused(track === 'too many tracks' ? 'tracks' : 'not allowed');
    session.send({
      case: 'requestResponse',
      value: new RequestResponse({
        reason: REASONS[track],
        message: track,
        request: { case: 'addTrack', value: request },
      }),
    });
  },

  mute: async (session, { sid, muted }) => {
    const track = session.participant.tracks.get(sid);
    if (track) await session.participant.setMuted(track, muted);
  },

  subscription: (session, value) => subscribe(session, value),

  trackSetting: async (session, setting) => {
    for (const trackId of setting.trackSids) {
      const subscription = session.participant.subscriptions.get(trackId);
      if (!subscription) continue;
      await subscription.want(wishOf(setting));
      session.participant.room.weighWishes(subscription.track);
    }
  },

  updateVideoTrack: (session, { trackSid, width, height }) =>
    describe(session, trackSid, (track) => ({ ...track.description, width, height })),

  updateAudioTrack: (session, { trackSid, features }) =>
    describe(session, trackSid, (track) => ({ ...track.description, ...audioFeaturesOf(features) })),

  updateMetadata: (session, { requestId }) => {
    const { NOT_ALLOWED: reason } = RequestResponse_Reason;
    session.send({ case: 'requestResponse', value: new RequestResponse({ requestId, reason }) });
  },

  syncState: async (session, { subscription, trackSidsDisabled }) => {
    if (subscription) await subscribe(session, subscription);
    for (const trackId of trackSidsDisabled) {
      const known = session.participant.subscriptions.get(trackId);
      if (known) await known.want({ ...known.wish, isEnabled: false });
    }
  },

  subscriptionPermission: (session, { allParticipants, trackPermissions }) => {
    if (allParticipants) return session.participant.restrict(undefined);
    const allowed = trackPermissions.map(({ allTracks, trackSids, participantSid, participantIdentity }) => ({
      isFor: ({ id, identity }: { id: string; identity: string }) =>
        id === participantSid || identity === participantIdentity,
      tracks: new Set(trackSids),
      allTracks,
    }));
    session.participant.restrict((other, track) =>
      allowed.some(({ isFor, allTracks, tracks }) => isFor(other) && (allTracks || tracks.has(track.id))),
    );
  },

  ping: (session) => session.send({ case: 'pong', value: BigInt(session.deps.clock.now()) }),

  pingReq: (session, { timestamp }) =>
    session.send({
      case: 'pongResp',
      value: { lastPingTimestamp: timestamp, timestamp: BigInt(session.deps.clock.now()) },
    }),

  leave: (session) => session.participant.close('left'),
};

const REASONS: Readonly<Record<AnnounceRefusal, RequestResponse_Reason>> = {
  'may not publish': RequestResponse_Reason.NOT_ALLOWED,
  'too many tracks': RequestResponse_Reason.LIMIT_EXCEEDED,
  'not media': RequestResponse_Reason.UNSUPPORTED_TYPE,
};

const subscribe = async (session: Requester, { subscribe: wanted, ...named }: UpdateSubscription): Promise<void> => {
  const { participant } = session;
  for (const trackId of [...named.trackSids, ...named.participantTracks.flatMap(({ trackSids }) => trackSids)]) {
    const track = participant.room.findTrack(trackId);
    if (!wanted) participant.unsubscribe(trackId);
    else if (track && track.owner !== participant) await participant.subscribe(track);
  }
};

const describe = (session: Requester, trackId: string, anew: (track: Track) => Track['description']): void => {
  const track = session.participant.tracks.get(trackId);
  if (!track) return;
  track.description = anew(track);
  session.participant.changed();
};

export const answerRequest = async (session: Requester, { message }: SignalRequest): Promise<void> => {
  // The table pairs each case with its value; that these are a pair is beyond what can be said in types.
  const { case: asked, value } = message as { readonly case: Case | undefined; readonly value: unknown };
  if (asked === undefined) return;
  const answer = answers[asked] as ((session: Requester, value: unknown) => Promise<void> | void) | undefined;
  await answer?.(session, value);
};
