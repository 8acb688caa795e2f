import type { DataConsumer, DataProducer, DirectTransport, WebRtcTransport } from 'mediasoup/types';
import { dcepOpen, labelOfDcepOpen } from './dcep.ts';
import type { DataChannel } from './events.ts';

/** What WebRTC calls the protocols of SCTP messages (RFC 8831 section 8). */
const DCEP = 50;
const BINARY = 53;
/** Browsers number the channels that they open 0, 2, 4. */
const UPSTREAM_IDS = [0, 2];

export interface ChannelNames {
  readonly nameOf: (channel: DataChannel) => string;
  /** In the order in which clients open them, for messages that overtake the opening. */
  readonly order: readonly DataChannel[];
}

const CHANNELS: readonly DataChannel[] = ['reliable', 'lossy'];
const deliveryOf = (channel: DataChannel) =>
  channel === 'reliable' ? { ordered: true } : { ordered: false, maxRetransmits: 0 };

/** The messages of a call. They pass through this process, because who sent them is written into each. */
export class CallData {
  readonly names: ChannelNames;
  readonly #direct: DirectTransport;
  readonly #sources: Readonly<Record<DataChannel, DataProducer>>;

  private constructor(names: ChannelNames, direct: DirectTransport, sources: Record<DataChannel, DataProducer>) {
    this.names = names;
    this.#direct = direct;
    this.#sources = sources;
  }

  static async open(direct: DirectTransport, names: ChannelNames): Promise<CallData> {
    // Nothing is ever produced on these: a data consumer must belong to something.
    const reliable = await direct.produceData({ label: names.nameOf('reliable') });
    const lossy = await direct.produceData({ label: names.nameOf('lossy') });
    return new CallData(names, direct, { reliable, lossy });
  }

  /** Hears what a participant sends. */
  async listen(upstream: WebRtcTransport, heard: (channel: DataChannel, message: Buffer) => void): Promise<void> {
    for (const [index, streamId] of UPSTREAM_IDS.entries()) {
      const producer = await upstream.produceData({ sctpStreamParameters: { streamId, ordered: true } });
      const consumer = await this.#direct.consumeData({ dataProducerId: producer.id });
      let channel = this.names.order[index];
      consumer.on('message', (message, ppid) => {
        if (ppid === DCEP) channel = this.#channelOf(labelOfDcepOpen(message)) ?? channel;
        else if (channel !== undefined) heard(channel, message);
      });
    }
  }

  #channelOf(label: string | undefined): DataChannel | undefined {
    return CHANNELS.find((channel) => this.names.nameOf(channel) === label);
  }

  /** Opens the channels on which a participant is told something. */
  async speakTo(downstream: WebRtcTransport): Promise<Readonly<Record<DataChannel, DataConsumer>>> {
    const open = async (channel: DataChannel): Promise<DataConsumer> => {
      const delivery = deliveryOf(channel);
      const consumer = await downstream.consumeData({ dataProducerId: this.#sources[channel].id, ...delivery });
      await consumer.send(dcepOpen(this.names.nameOf(channel), delivery), DCEP);
      return consumer;
    };
    return { reliable: await open('reliable'), lossy: await open('lossy') };
  }
}

/** Resolves to whether the worker has taken it: it does not where the receiver has not read what came before. */
export const sendMessage = (channel: DataConsumer, message: Buffer): Promise<boolean> =>
  channel.send(message, BINARY).then(
    () => true,
    () => false,
  );
