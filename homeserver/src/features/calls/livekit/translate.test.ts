import {
  AddTrackRequest,
  TrackSource,
  TrackType,
  UpdateTrackSettings,
  VideoLayer,
  VideoQuality,
} from '@livekit/protocol';
import { expect } from 'chai';
import type { Track } from '../sfu/track.ts';
import { descriptionOf, qualityUpdate, trackInfo, wantedCodec, wishOf } from './translate.ts';

const layer = (quality: VideoQuality, width: number) => new VideoLayer({ quality, width, height: width / 2 });
const camera = new AddTrackRequest({
  cid: 'cam',
  type: TrackType.VIDEO,
  source: TrackSource.CAMERA,
  width: 1_280,
  height: 640,
  layers: [layer(VideoQuality.HIGH, 1_280), layer(VideoQuality.LOW, 320), layer(VideoQuality.MEDIUM, 640)],
  simulcastCodecs: [{ codec: 'VP8', cid: 'cam' }],
});
const trackOf = (request: AddTrackRequest): Track =>
  ({ id: 'TR_1', isMuted: false, mimeType: 'video/VP8', description: descriptionOf(request)! }) as unknown as Track;

describe("LiveKit's words", () => {
  it('come back to the others as they were said', () => {
    const info = trackInfo(trackOf(camera), { mid: '1', cid: 'cam' });
    expect(info).to.deep.include({ sid: 'TR_1', source: TrackSource.CAMERA, width: 1_280, mid: '1', simulcast: true });
    expect(info.codecs[0]!.layers.map(({ quality }) => quality)).to.eql([
      VideoQuality.LOW,
      VideoQuality.MEDIUM,
      VideoQuality.HIGH,
    ]);
    expect([info.stream, wantedCodec(camera)]).to.eql(['camera', 'vp8']);
  });

  it('are cut to a size', () => {
    const long = descriptionOf(
      new AddTrackRequest({ type: TrackType.VIDEO, name: 'x'.repeat(10_000), width: 4_000_000_000 }),
    )!;
    expect([long.name.length, long.width]).to.eql([256, 16_384]);
  });

  it('name no track of what is no media', () => {
    expect(descriptionOf(new AddTrackRequest({ cid: 'x', type: TrackType.DATA }))).to.equal(undefined);
  });

  it('say what somebody wants to see', () => {
    const wish = (settings: object) => wishOf(new UpdateTrackSettings(settings));
    expect(wish({ disabled: true }).isEnabled).to.equal(false);
    expect(wish({ quality: VideoQuality.OFF }).isEnabled).to.equal(false);
    expect(wish({ quality: VideoQuality.MEDIUM })).to.eql({ isEnabled: true, quality: 1 });
    expect(wish({ width: 300, height: 200, fps: 10, quality: VideoQuality.HIGH })).to.eql({
      isEnabled: true,
      size: { width: 300, height: 200 },
      framesPerSecond: 10,
    });
  });

  it('say which layers are to be sent', () => {
    const enabled = (highest: number) =>
      qualityUpdate(trackOf(camera), highest).subscribedCodecs[0]!.qualities.map((each) => each.enabled);
    expect(enabled(-1)).to.eql([false, false, false]);
    expect(enabled(0)).to.eql([true, false, false]);
    expect(enabled(2)).to.eql([true, true, true]);
  });
});
