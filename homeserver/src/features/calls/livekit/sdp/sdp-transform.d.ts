/** What is used of sdp-transform 3, which comes without types. */
declare module 'sdp-transform' {
  /** Whole numbers come as numbers, whatever they stand for. */
  type Token = string | number;

  interface IceAttributes {
    iceUfrag?: Token;
    icePwd?: Token;
    setup?: string;
    fingerprint?: { type: string; hash: string };
  }

  interface MediaDescription extends IceAttributes {
    type: string;
    port: number;
    protocol: string;
    payloads?: string;
    mid?: Token;
    direction?: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
    connection?: { ip: string; version: number };
    rtp: { payload: number; codec: string; rate?: number; encoding?: number }[];
    fmtp: { payload: number; config: string }[];
    rtcpFb?: { payload: Token; type: string; subtype?: string }[];
    ext?: { value: number; uri: string }[];
    msid?: { id: Token; appdata?: Token }[];
    ssrcs?: { id: number; attribute: string; value?: string }[];
    ssrcGroups?: { semantics: string; ssrcs: string }[];
    rids?: { id: Token; direction: string; params?: string }[];
    simulcast?: { dir1: string; list1: string; dir2?: string; list2?: string };
    candidates?: object[];
    endOfCandidates?: string;
    iceOptions?: string;
    rtcpMux?: string;
    rtcpRsize?: string;
    sctpPort?: number;
    maxMessageSize?: number;
    extmapAllowMixed?: string;
  }

  interface SessionDescription extends IceAttributes {
    version: number;
    origin: {
      username: string;
      sessionId: Token;
      sessionVersion: number;
      netType: string;
      ipVer: number;
      address: string;
    };
    name: string;
    timing: { start: number; stop: number };
    groups?: { type: string; mids: Token }[];
    msidSemantic?: { semantic: string; token: string };
    extmapAllowMixed?: string;
    icelite?: string;
    iceOptions?: string;
    media: MediaDescription[];
  }

  export function parse(sdp: string): SessionDescription;
  export function write(session: SessionDescription): string;
}
