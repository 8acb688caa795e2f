// Runs in every frame before anything else: keeps its WebRTC connections, so that tests can read what they measure.
{
  const connections = [];
  globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
    constructor(...settings) {
      super(...settings);
      connections.push(this);
    }
  };

  /** Whom a track comes from, and as what: LiveKit names streams so, `PA_x|camera`. */
  const originOf = (connection, trackId) => {
    const sections = connection.remoteDescription?.sdp.split('\r\nm=') ?? [];
    const section = sections.find((each) => new RegExp(`^a=msid:\\S+ ${trackId}\\r?$`, 'm').test(each));
    const [, from, stream] = /^a=msid:([^|]+)\|(\S+)/m.exec(section) ?? [];
    return { from, stream };
  };

  /** What arrives: one for each track that one is sent. */
  globalThis.incoming = async () => {
    const found = [];
    for (const connection of connections) {
      if (connection.connectionState !== 'connected') continue;
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type !== 'inbound-rtp') continue;
        const { kind, trackIdentifier: trackId, framesDecoded = 0, totalAudioEnergy = 0 } = entry;
        found.push({ ...originOf(connection, trackId), trackId, kind, amount: framesDecoded || totalAudioEnergy });
      }
    }
    return found;
  };
}
