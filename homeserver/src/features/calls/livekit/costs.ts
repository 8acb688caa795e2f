import type { SignalRequest } from '@livekit/protocol';

/** What everybody in the call is told of, or has to be looked at for everybody. */
const TOLD_TO_ALL = 5;
/** So many tracks cost as much as one request. */
const TRACKS_FOR_ONE = 8;

interface NamedTracks {
  readonly trackSids: readonly string[];
  readonly participantTracks: readonly { readonly trackSids: readonly string[] }[];
}

const tracksOf = (named: NamedTracks | undefined): number =>
  named ? named.participantTracks.reduce((sum, { trackSids }) => sum + trackSids.length, named.trackSids.length) : 0;

type Message = NonNullable<SignalRequest['message']>;
type Case = NonNullable<Message['case']>;
type Costs = { readonly [C in Case]?: (value: Extract<Message, { case: C }>['value']) => number };

const COSTS: Costs = {
  mute: () => TOLD_TO_ALL,
  addTrack: () => TOLD_TO_ALL,
  updateVideoTrack: () => TOLD_TO_ALL,
  updateAudioTrack: () => TOLD_TO_ALL,
  subscriptionPermission: ({ trackPermissions }) => TOLD_TO_ALL + trackPermissions.length / TRACKS_FOR_ONE,
  trackSetting: ({ trackSids }) => trackSids.length / TRACKS_FOR_ONE,
  subscription: (named) => tracksOf(named) / TRACKS_FOR_ONE,
  syncState: ({ subscription, trackSidsDisabled }) =>
    (tracksOf(subscription) + trackSidsDisabled.length) / TRACKS_FOR_ONE,
};

/** What a request costs beyond itself, in requests: some make work for everybody in the call, or for many tracks. */
export const costOf = ({ message }: SignalRequest): number => {
  // The table pairs each case with its value; that these are a pair is beyond what can be said in types.
  const { case: asked, value } = message as { readonly case: Case | undefined; readonly value: unknown };
  const cost = asked === undefined ? undefined : (COSTS[asked] as ((value: unknown) => number) | undefined);
  return cost?.(value) ?? 0;
};
