// What runs in the browser: one participant of a call, by the livekit-client that the page has loaded.
const client = globalThis.LivekitClient;
const call = (globalThis.call = { events: [], heard: [] });

call.join = async (url, token, { codec = 'vp8', key, adaptive = false, width = 1280 } = {}) => {
  const options = {
    adaptiveStream: adaptive,
    dynacast: true,
    publishDefaults: {
      red: false,
      simulcast: true,
      videoSimulcastLayers: [client.VideoPresets.h180, client.VideoPresets.h360],
      videoCodec: codec,
      videoEncoding: { maxBitrate: 1_700_000, maxFramerate: 30 },
      backupCodec: false,
      stopMicTrackOnMute: false,
    },
  };
  if (key !== undefined) {
    const keyProvider = new client.ExternalE2EEKeyProvider();
    options.e2ee = { keyProvider, worker: new Worker('/e2ee.js') };
    await keyProvider.setKey(key);
  }
  const room = (call.room = new client.Room(options));
  if (key !== undefined) await room.setE2EEEnabled(true);
  for (const event of Object.values(client.RoomEvent)) {
    room.on(event, (first) => call.events.push([event, first?.identity ?? String(first).slice(0, 60)]));
  }
  room.on('dataReceived', (bytes, participant, _kind, topic) => {
    call.heard.push({ text: new TextDecoder().decode(bytes), from: participant?.identity, topic });
  });
  room.on('trackSubscribed', (track) => {
    const element = track.attach();
    element.muted = track.kind === 'video';
    element.style.width = `${width}px`;
    element.style.height = `${(width * 9) / 16}px`;
    document.body.append(element);
  });
  const startedAt = performance.now();
  await room.connect(url, token);
  return performance.now() - startedAt;
};

const FRAMES_PER_SECOND = 15;

/** A moving picture. Chromium's fake camera falls silent where two pages begin anew with it at the same time. */
const picture = () => {
  const canvas = document.createElement('canvas');
  canvas.width = 960;
  canvas.height = 540;
  const pen = canvas.getContext('2d');
  let turn = 0;
  setInterval(() => {
    pen.fillStyle = `hsl(${(turn += 7) % 360} 60% 50%)`;
    pen.fillRect((turn * 3) % 900, (turn * 2) % 500, 90, 60);
  }, 1_000 / FRAMES_PER_SECOND);
  return canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0];
};

/** A steady tone. The fake microphone beeps so shortly that nobody could be said to speak. */
const tone = () => {
  const audio = new AudioContext();
  const oscillator = audio.createOscillator();
  const out = audio.createMediaStreamDestination();
  oscillator.connect(out);
  oscillator.start();
  return out.stream.getAudioTracks()[0];
};

call.showCamera = () => call.room.localParticipant.publishTrack(picture(), { source: 'camera' });
call.hideCamera = () => {
  const { localParticipant } = call.room;
  return localParticipant.unpublishTrack(localParticipant.getTrackPublication('camera').track);
};

call.publish = async () => {
  await call.room.localParticipant.publishTrack(tone(), { source: 'microphone' });
  await call.showCamera();
};

/** A screen with its sound. */
call.showScreen = async () => {
  await call.room.localParticipant.publishTrack(picture(), { source: 'screen_share', simulcast: false });
  await call.room.localParticipant.publishTrack(tone(), { source: 'screen_share_audio' });
};

const streamOf = (report) => {
  const found = {};
  report?.forEach((entry) => {
    if (entry.type !== 'inbound-rtp') return;
    found.frames = entry.framesDecoded;
    found.width = entry.frameWidth;
    found.bytes = entry.bytesReceived;
    found.energy = entry.totalAudioEnergy;
  });
  return found;
};

/** What one sees and hears of somebody's track. */
call.seen = async (identity, source) => {
  const participant = call.room.remoteParticipants.get(identity);
  const publication = participant && [...participant.trackPublications.values()].find((each) => each.source === source);
  if (!publication) return undefined;
  const stream = publication.track ? streamOf(await publication.track.getRTCStatsReport()) : {};
  const { isMuted, isSubscribed, isEncrypted, mimeType } = publication;
  return { isMuted, isSubscribed, isEncrypted, mimeType, isSpeaking: participant.isSpeaking, ...stream };
};

/** The layers that one sends of one's own camera. */
call.layers = async () => {
  const report = await call.room.localParticipant.getTrackPublication('camera').track.sender.getStats();
  const layers = [];
  report.forEach((entry) => {
    if (entry.type === 'outbound-rtp')
      layers.push({ rid: entry.rid, isActive: entry.active, mode: entry.scalabilityMode });
  });
  return layers;
};

call.quality = (identity, quality) => {
  for (const publication of call.room.remoteParticipants.get(identity).trackPublications.values()) {
    if (publication.source === 'camera') publication.setVideoQuality(quality);
  }
};

call.say = (text, reliable, to) =>
  call.room.localParticipant.publishData(new TextEncoder().encode(text), {
    reliable,
    topic: 'test',
    ...(to && { destinationIdentities: to }),
  });
