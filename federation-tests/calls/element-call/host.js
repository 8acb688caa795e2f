// Hosts Element Call for one person in one room, by matrix-widget-api, against a homeserver.
import { Homeserver, Refusal, Room } from './homeserver.js';

const { ClientWidgetApi, OpenIDRequestState, Widget, WidgetDriver } = globalThis.mxwidgets;

/** What Element Call asks of whoever hosts it. Everything that it wants to be allowed, it is. */
class Driver extends WidgetDriver {
  #server;
  #session;
  #room;

  constructor(server, session, room) {
    super();
    this.#server = server;
    this.#session = session;
    this.#room = room;
  }

  validateCapabilities(requested) {
    return Promise.resolve(requested);
  }

  getKnownRooms() {
    return [this.#session.roomId];
  }

  async #send(event) {
    const { roomId } = this.#session;
    const { event_id: eventId, delay_id: delayId } = await this.#server.send({ roomId, ...event });
    return delayId === undefined ? { roomId, eventId } : { roomId, delayId };
  }

  sendEvent(type, content, stateKey) {
    return this.#send({ type, content, stateKey });
  }

  sendStickyEvent(stickyMs, type, content) {
    return this.#send({ type, content, stickyMs });
  }

  sendDelayedEvent(delayMs, type, content, stateKey) {
    return this.#send({ type, content, stateKey, delayMs });
  }

  sendDelayedStickyEvent(delayMs, stickyMs, type, content) {
    return this.#send({ type, content, delayMs, stickyMs });
  }

  #manage(delayId, action) {
    return this.#server.ask('POST', `unstable/org.matrix.msc4140/delayed_events/${delayId}/${action}`, {});
  }

  cancelScheduledDelayedEvent(delayId) {
    return this.#manage(delayId, 'cancel');
  }

  restartScheduledDelayedEvent(delayId) {
    return this.#manage(delayId, 'restart');
  }

  sendScheduledDelayedEvent(delayId) {
    return this.#manage(delayId, 'send');
  }

  /** In the open, where real hosts encrypt with Olm: that is between clients. */
  sendToDevice(type, _encrypted, messages) {
    return this.#server.ask('PUT', `v3/sendToDevice/${type}/${this.#server.transaction()}`, { messages });
  }

  async readRoomState(_roomId, type, key) {
    await this.#room.known;
    return this.#room.state(type, key);
  }

  async readStickyEvents() {
    await this.#room.known;
    return this.#room.sticky();
  }

  async readRoomTimeline(roomId, type, _msgtype, _stateKey, limit) {
    const filter = encodeURIComponent(JSON.stringify({ types: [type] }));
    const path = `v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=${limit || 50}&filter=${filter}`;
    return (await this.#server.ask('GET', path)).chunk;
  }

  askOpenID(observer) {
    this.#server
      .ask('POST', `v3/user/${encodeURIComponent(this.#session.userId)}/openid/request_token`, {})
      .then((token) => observer.update({ state: OpenIDRequestState.Allowed, token }))
      .catch(() => observer.update({ state: OpenIDRequestState.Blocked }));
  }

  getRtcTransports() {
    return this.#server.ask('GET', 'unstable/org.matrix.msc4143/rtc/transports');
  }

  getMediaConfig() {
    return this.#server.ask('GET', 'v1/media/config');
  }

  /** What the server said, so that Element Call can act on it. */
  processError(error) {
    if (!(error instanceof Refusal)) return undefined;
    const { status, url } = error.response;
    return { matrix_api_error: { http_status: status, http_headers: {}, url, response: error.answer } };
  }
}

/** What Element Call tells its host, and only wants to hear that it was heard. */
const TOLD = [
  'io.element.join',
  'im.vector.hangup',
  'io.element.close',
  'io.element.device_mute',
  'set_always_on_screen',
];

/** Opens Element Call as it is in `folder`. `session`: { url, token, userId, deviceId, roomId } */
globalThis.openCall = (session, folder) => {
  const { url, userId, deviceId, roomId } = session;
  const server = new Homeserver(session);
  const room = new Room(server, roomId);
  const frame = document.querySelector('iframe');
  const settings = new URLSearchParams({
    widgetId: 'call',
    parentUrl: location.origin,
    roomId,
    userId,
    deviceId,
    baseUrl: url,
    intent: 'join_existing',
    skipLobby: 'true',
    perParticipantE2EE: 'true',
    lang: 'en',
    header: 'none',
    confineToRoom: 'true',
  });
  const src = `${location.origin}${folder}index.html`;
  const widget = new Widget({
    id: 'call',
    creatorUserId: userId,
    type: 'm.custom',
    url: src,
    waitForIframeLoad: false,
  });
  const api = new ClientWidgetApi(widget, frame, new Driver(server, session, room));
  api.setViewedRoomId(roomId);
  for (const action of TOLD) {
    api.on(`action:${action}`, (event) => {
      event.preventDefault();
      api.transport.reply(event.detail, {});
    });
  }
  const failed = (error) => console.warn('Element Call did not take something', error);
  room.follow({
    state: (event) => void api.feedStateUpdate(event).catch(failed),
    event: (event) => void api.feedEvent(event).catch(failed),
    toDevice: (message) => void api.feedToDevice(message, true).catch(failed),
  });
  frame.src = `${src}#?${settings}`;
};
