import { SignalRequest } from '@livekit/protocol';

/** Clients may write JSON, too. */
export const parse = (message: Buffer, isBinary: boolean): SignalRequest | undefined => {
  try {
    return isBinary
      ? SignalRequest.fromBinary(message)
      : SignalRequest.fromJsonString(message.toString(), { ignoreUnknownFields: true });
  } catch {
    return undefined;
  }
};
