import {
  type AddTrackRequest,
  AudioTrackFeature,
  Encryption_Type,
  ParticipantInfo,
  ParticipantInfo_State,
  ParticipantPermission,
  SimulcastCodecInfo,
  SubscribedCodec,
  SubscribedQuality,
  SubscribedQualityUpdate,
  TrackInfo,
  TrackSource,
  TrackType,
  type UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import type { Person } from '../sfu/events.ts';
import type { LayerSize, Quality, Wish } from '../sfu/quality.ts';
import type { Track, TrackDescription } from '../sfu/track.ts';

const SOURCES = {
  unknown: TrackSource.UNKNOWN,
  camera: TrackSource.CAMERA,
  microphone: TrackSource.MICROPHONE,
  screen: TrackSource.SCREEN_SHARE,
  'screen sound': TrackSource.SCREEN_SHARE_AUDIO,
} as const;

/** What is played in step, where the client does not say so. */
const STREAMS: Readonly<Record<keyof typeof SOURCES, string>> = {
  unknown: 'camera',
  camera: 'camera',
  microphone: 'camera',
  screen: 'screen',
  'screen sound': 'screen',
};

const ENCRYPTIONS = {
  none: Encryption_Type.NONE,
  gcm: Encryption_Type.GCM,
  custom: Encryption_Type.CUSTOM,
} as const;

const FEATURES = [
  AudioTrackFeature.TF_STEREO,
  AudioTrackFeature.TF_NO_DTX,
  AudioTrackFeature.TF_AUTO_GAIN_CONTROL,
  AudioTrackFeature.TF_ECHO_CANCELLATION,
  AudioTrackFeature.TF_NOISE_SUPPRESSION,
  AudioTrackFeature.TF_ENHANCED_NOISE_CANCELLATION,
  AudioTrackFeature.TF_PRECONNECT_BUFFER,
];

const keyOf = <Key extends string>(table: Readonly<Record<Key, number>>, value: number): Key | undefined =>
  (Object.keys(table) as Key[]).find((key) => table[key] === value);

const MAX_TEXT = 256;
const MAX_PIXELS = 16_384;
const short = (text: string): string => text.slice(0, MAX_TEXT);
const pixels = (count: number): number => Math.min(count, MAX_PIXELS);

/** What a client says of what it is about to send; `undefined` for what is neither sound nor video. */
export const descriptionOf = (request: AddTrackRequest): TrackDescription | undefined => {
  const isVideo = request.type === TrackType.VIDEO;
  if (!isVideo && request.type !== TrackType.AUDIO) return undefined;
  const source = keyOf(SOURCES, request.source) ?? 'unknown';
  return {
    kind: isVideo ? 'video' : 'audio',
    source,
    name: short(request.name),
    stream: short(request.stream) || STREAMS[source],
    width: pixels(request.width),
    height: pixels(request.height),
    layers: isVideo ? layersOf(request.layers) : [],
    encryption: keyOf(ENCRYPTIONS, request.encryption) ?? 'none',
    ...soundOf(request),
  };
};

/** What clients before 2024 say in words of their own, and now as features. */
interface OlderSound {
  readonly stereo: boolean;
  readonly disableDtx: boolean;
}

const soundOf = (request: AddTrackRequest) => {
  const { disableRed, audioFeatures } = request;
  const { stereo, disableDtx }: OlderSound = request;
  return {
    stereo: stereo || audioFeatures.includes(AudioTrackFeature.TF_STEREO),
    disableDtx: disableDtx || audioFeatures.includes(AudioTrackFeature.TF_NO_DTX),
    disableRed,
    ...audioFeaturesOf(audioFeatures),
  };
};

export const audioFeaturesOf = (features: readonly AudioTrackFeature[]): Pick<TrackDescription, 'audioFeatures'> => ({
  audioFeatures: FEATURES.filter((feature) => features.includes(feature)),
});

const layersOf = (layers: readonly VideoLayer[]): LayerSize[] =>
  [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH].flatMap((quality) => {
    const layer = layers.find((each) => each.quality === quality);
    if (!layer) return [];
    const { width, height, bitrate } = layer;
    return [{ quality: quality as Quality, width: pixels(width), height: pixels(height), bitrate }];
  });

/** The codec that a client would like to send with, such as `vp8`. */
export const wantedCodec = ({ simulcastCodecs }: AddTrackRequest): string | undefined =>
  simulcastCodecs[0]?.codec.toLowerCase() || undefined;

export const trackInfo = (track: Track, section?: { readonly mid: string; readonly cid: string }): TrackInfo => {
  const { description, mimeType = defaultMimeType(track.description) } = track;
  const layers = description.layers.map((layer) => new VideoLayer(layer));
  return new TrackInfo({
    sid: track.id,
    type: description.kind === 'video' ? TrackType.VIDEO : TrackType.AUDIO,
    source: SOURCES[description.source],
    name: description.name,
    muted: track.isMuted,
    width: description.width,
    height: description.height,
    simulcast: layers.length > 1,
    disableDtx: description.disableDtx,
    disableRed: description.disableRed,
    layers,
    mimeType,
    ...(section && { mid: section.mid }),
    codecs: [new SimulcastCodecInfo({ mimeType, layers, ...section })],
    stereo: description.stereo,
    encryption: ENCRYPTIONS[description.encryption],
    stream: description.stream,
    audioFeatures: FEATURES.filter((feature) => description.audioFeatures.includes(feature)),
  });
};

const defaultMimeType = ({ kind }: TrackDescription): string => (kind === 'video' ? 'video/VP8' : 'audio/opus');

export const participantInfo = (participant: Person): ParticipantInfo => {
  const { id, identity, joinedAt, version, tracks, permissions } = participant;
  // What is only announced would be waited for in vain if it never came.
  const coming = [...tracks.values()].filter(({ producer }) => producer !== undefined);
  return new ParticipantInfo({
    sid: id,
    identity,
    state: stateOf(participant),
    joinedAt: BigInt(Math.floor(joinedAt / 1_000)),
    joinedAtMs: BigInt(joinedAt),
    version,
    isPublisher: coming.length > 0,
    tracks: coming.map((track) => trackInfo(track)),
    permission: new ParticipantPermission({
      canSubscribe: true,
      canPublish: permissions.canPublish,
      canPublishData: permissions.canPublish,
    }),
  });
};

const stateOf = ({ isClosed, isActive }: Person): ParticipantInfo_State => {
  if (isClosed) return ParticipantInfo_State.DISCONNECTED;
  return isActive ? ParticipantInfo_State.ACTIVE : ParticipantInfo_State.JOINED;
};

/** What a client wants to see of a track. */
export const wishOf = ({ disabled, quality, width, height, fps }: UpdateTrackSettings): Wish => ({
  isEnabled: !disabled && quality !== VideoQuality.OFF,
  ...(width > 0 && height > 0
    ? { size: { width, height } }
    : { quality: Math.min(quality, VideoQuality.HIGH) as Quality }),
  ...(fps > 0 && { framesPerSecond: fps }),
});

/** Which layers of a track its publisher is to send. */
export const qualityUpdate = (track: Track, highest: number): SubscribedQualityUpdate => {
  const { layers } = track.description;
  const top = highest < 0 ? -1 : (layers[highest]?.quality ?? VideoQuality.HIGH);
  const qualities = [VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH].map(
    (quality) => new SubscribedQuality({ quality, enabled: quality <= top }),
  );
  const codec = (track.mimeType ?? '').split('/')[1]?.toLowerCase() ?? '';
  return new SubscribedQualityUpdate({
    trackSid: track.id,
    subscribedQualities: qualities,
    subscribedCodecs: [new SubscribedCodec({ codec, qualities })],
  });
};
