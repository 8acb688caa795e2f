import type { Router, RtpCapabilities, WebRtcTransport } from 'mediasoup/types';
import type { CallMedia } from '../media/media-worker-process.ts';
import { CallData, type ChannelNames } from './data-channels.ts';
import type { Speaker } from './events.ts';
import { SPEAKERS, Speakers } from './speakers.ts';

interface BranchDeps {
  readonly channels: ChannelNames;
  readonly speakersChanged: (speakers: readonly Speaker[]) => void;
}

/** Clients of 2026 send no larger messages. */
const MAX_MESSAGE_BYTES = 65_536;
/** Who sent a message is written into it before it goes on. */
const MAX_PASSED_ON_BYTES = MAX_MESSAGE_BYTES + 2_048;
const SEND_BUFFER_BYTES = 1_048_576;
/** What a connection is taken to carry before anything is known of it. */
const FIRST_OUTGOING_BITRATE = 1_000_000;

/** What a call has on one worker: the connections of those who came there, and who of them speaks. */
export class Branch {
  readonly media: CallMedia;
  readonly router: Router;
  readonly capabilities: RtpCapabilities;
  readonly data: CallData;
  readonly speakers: Speakers;

  private constructor(media: CallMedia, { data, speakers }: { data: CallData; speakers: Speakers }) {
    this.media = media;
    this.router = media.router;
    this.capabilities = media.router.rtpCapabilities;
    this.data = data;
    this.speakers = speakers;
  }

  static async open(media: CallMedia, { channels, speakersChanged }: BranchDeps): Promise<Branch> {
    const { router } = media;
    try {
      const observer = await router.createAudioLevelObserver(SPEAKERS);
      const direct = await router.createDirectTransport({ maxSendMessageSize: MAX_PASSED_ON_BYTES });
      const data = await CallData.open(direct, channels);
      return new Branch(media, { data, speakers: new Speakers(observer, speakersChanged) });
    } catch (error) {
      router.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.router.closed;
  }

  /** A connection with a participant. */
  connect(): Promise<WebRtcTransport> {
    return this.router.createWebRtcTransport({
      webRtcServer: this.media.ports,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: true,
      maxSendMessageSize: MAX_PASSED_ON_BYTES,
      maxReceiveMessageSize: MAX_MESSAGE_BYTES,
      sctpSendBufferSize: SEND_BUFFER_BYTES,
      initialAvailableOutgoingBitrate: FIRST_OUTGOING_BITRATE,
    });
  }

  close(): void {
    this.router.close();
  }
}
