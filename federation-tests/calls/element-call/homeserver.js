// The client-server API, as far as a host of Element Call needs it: requests, and one room that is kept by syncing.

/** What the server refused. */
export class Refusal extends Error {
  constructor(response, answer) {
    super(`${response.status} ${answer.errcode}`);
    this.response = response;
    this.answer = answer;
  }
}

export class Homeserver {
  #session;
  #transactions = 0;

  /** `session`: { url, token, userId, deviceId } */
  constructor(session) {
    this.#session = session;
  }

  async ask(method, path, body) {
    const { url, token } = this.#session;
    const response = await fetch(`${url}/_matrix/client/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Refusal(response, answer);
    return answer;
  }

  transaction() {
    return `${performance.timeOrigin}.${this.#transactions++}`;
  }

  /** A state event if there is a state key, maybe later, maybe sticky; resolves to what the server calls it. */
  send({ roomId, type, stateKey, content, delayMs, stickyMs }) {
    const isState = typeof stateKey === 'string';
    const last = encodeURIComponent(isState ? stateKey : this.transaction());
    const query = new URLSearchParams({
      ...(delayMs !== undefined && { 'org.matrix.msc4140.delay': delayMs }),
      ...(stickyMs !== undefined && { 'org.matrix.msc4354.sticky_duration_ms': stickyMs }),
    });
    const path = `v3/rooms/${encodeURIComponent(roomId)}/${isState ? 'state' : 'send'}/${type}/${last}?${query}`;
    return this.ask('PUT', path, content);
  }
}

/** What is in one room, and what comes for one's device. */
export class Room {
  /** Resolves once the room is known. */
  known;
  #server;
  #roomId;
  #state = new Map();
  #sticky = new Map();

  constructor(server, roomId) {
    this.#server = server;
    this.#roomId = roomId;
  }

  state(type, key) {
    return [...this.#state.values()].filter(
      (event) => event.type === type && (key === undefined || event.state_key === key),
    );
  }

  sticky() {
    return [...this.#sticky.values()];
  }

  /** Syncs for as long as the page is there. `tell`: { state(event), event(event), toDevice(message) } */
  follow(tell) {
    this.known = new Promise((resolve) => void this.#sync(tell, resolve));
  }

  async #sync(tell, known) {
    for (let since = ''; ;) {
      const query = `timeout=${since === '' ? 0 : 20_000}&org.matrix.msc4222.use_state_after=true${since}`;
      const answer = await this.#server.ask('GET', `v3/sync?${query}`);
      const room = answer.rooms?.join?.[this.#roomId] ?? answer.rooms?.leave?.[this.#roomId];
      const listeners = since === '' ? {} : tell; // what was there before is asked for
      if (room) this.#take(room, listeners);
      for (const message of answer.to_device?.events ?? []) tell.toDevice(message);
      since = `&since=${encodeURIComponent(answer.next_batch)}`;
      known();
    }
  }

  #take({ timeline, ...rest }, tell) {
    const own = (event) => ({ ...event, room_id: this.#roomId });
    for (const event of (rest['org.matrix.msc4222.state_after'] ?? rest.state).events.map(own)) {
      this.#state.set(`${event.type} ${event.state_key}`, event);
      tell.state?.(event);
    }
    for (const event of [...(rest.msc4354_sticky?.events ?? []), ...timeline.events].map(own)) {
      if (event.msc4354_sticky) this.#sticky.set(event.event_id, event);
      tell.event?.(event);
    }
  }
}
