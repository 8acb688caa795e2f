import { SIGNALLING_PATH } from '../calls/index.ts';

/** Where clients find what has to do with calls. */
export interface CallAddresses {
  /** The service that gives tokens to those who prove by OpenID who they are. */
  readonly service: string;
  /** The SFU, a WebSocket. */
  readonly sfu: string;
}

export const callAddresses = (publicBaseUrl: string): CallAddresses => {
  const base = publicBaseUrl.replace(/\/+$/, '');
  return { service: `${base}/livekit/jwt`, sfu: `${base.replace(/^http/, 'ws')}${SIGNALLING_PATH}` };
};

/** Whether what a client has learnt from somebody is our SFU. */
export const isSame = (address: string, sfu: string): boolean => address.replace(/\/+$/, '') === sfu;
