import { extractDtlsParameters } from 'mediasoup-client/handlers/sdp/commonUtils';
import type { DtlsParameters } from 'mediasoup/types';
import type { SessionDescription } from 'sdp-transform';

/** How a client means to encrypt a connection. Throws where it does not say so. */
export const dtlsOf = (session: SessionDescription): DtlsParameters => {
  const extract: (options: { sdpObject: never }) => unknown = extractDtlsParameters;
  return extract({ sdpObject: session as never }) as DtlsParameters;
};
