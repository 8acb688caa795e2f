import type { Consumer } from 'mediasoup/types';
import { RemoteSdp } from 'mediasoup-client/handlers/sdp/RemoteSdp';
import type { IceParameters } from 'mediasoup/types';
import type { LocalEnd } from './publisher-answer.ts';

/** What a client is to show a consumer as. */
export interface ShownAs {
  readonly streamId: string;
  readonly trackId: string;
}

/**
 * The offers of the connection on which a client is sent to. Sections of what has ended are used again for what comes
 * next. The first section is the one of the data channels: it carries the connection of all, and never ends.
 */
export class SubscriberOffers {
  readonly #sdp: RemoteSdp;

  constructor({ iceParameters, iceCandidates, dtlsParameters, sctpParameters }: LocalEnd) {
    this.#sdp = new RemoteSdp({
      iceParameters,
      iceCandidates: [...iceCandidates],
      dtlsParameters: { ...dtlsParameters, role: 'auto' },
      ...(sctpParameters && { sctpParameters }),
    } as never);
    this.#sdp.receiveSctpAssociation();
  }

  add({ kind, rtpParameters }: Consumer, shown: ShownAs): void {
    this.#sdp.receive({ mid: sectionOf(rtpParameters), kind, offerRtpParameters: rtpParameters as never, ...shown });
  }

  remove({ rtpParameters }: Pick<Consumer, 'rtpParameters'>): void {
    this.#sdp.closeMediaSection(sectionOf(rtpParameters));
  }

  restartIce(parameters: IceParameters): void {
    this.#sdp.updateIceParameters(parameters);
  }

  /** Each one says that it is newer than the one before. */
  next(): string {
    return this.#sdp.getSdp();
  }
}

export const sectionOf = ({ mid }: Consumer['rtpParameters']): string => {
  if (mid === undefined) throw new Error('a consumer without section');
  return mid;
};
