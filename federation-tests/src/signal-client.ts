import { SignalRequest, SignalResponse } from '@livekit/protocol';
import { eventually } from './call-house.ts';

export type Message = Exclude<SignalResponse['message'], { case: undefined }>;
type Values = { readonly [M in Message as M['case']]: M['value'] };
type Case = keyof Values;
type Asked = NonNullable<ConstructorParameters<typeof SignalRequest>[0]>['message'];

/** Speaks LiveKit's protocol without a browser, and says what it is told to. */
export class SignalClient implements Disposable {
  readonly heard: Message[] = [];
  readonly #socket: WebSocket;
  #closed: number | undefined;
  #listener: ((message: Message) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      const { message } = SignalResponse.fromBinary(new Uint8Array(data as ArrayBuffer));
      if (message.case === undefined) return;
      this.heard.push(message);
      this.#listener?.(message);
    });
    socket.addEventListener('close', ({ code }) => (this.#closed = code));
  }

  /** `undefined` where the server does not let it in. */
  static async open(url: string, query: Readonly<Record<string, string>>): Promise<SignalClient | undefined> {
    const socket = new WebSocket(`${url}/rtc?${new URLSearchParams(query).toString()}`);
    const client = new SignalClient(socket);
    return new Promise((resolve) => {
      socket.addEventListener('open', () => resolve(client));
      socket.addEventListener('error', () => resolve(undefined));
    });
  }

  /** The code with which the socket was closed. */
  get closed(): number | undefined {
    return this.#closed;
  }

  /** Hears all that has been said, and whatever will be. */
  onMessage(listener: (message: Message) => void): void {
    for (const message of this.heard) listener(message);
    this.#listener = listener;
  }

  say(message: Asked): void {
    this.#socket.send(new SignalRequest(message ? { message } : {}).toBinary());
  }

  sayBytes(bytes: Uint8Array | string): void {
    this.#socket.send(bytes);
  }

  /** The first message of a kind, once it has come, or the first of those that are meant. */
  async hears<C extends Case>(
    kind: C,
    withinMs?: number,
    isMeant: (value: Values[C]) => boolean = () => true,
  ): Promise<Values[C]> {
    const find = () => this.heard.find((message) => message.case === kind && isMeant(message.value as Values[C]));
    await eventually(() => find() !== undefined, `${kind} is said`, withinMs);
    return find()?.value as Values[C];
  }

  /** Resolves once the server has closed the socket. */
  async ends(): Promise<void> {
    await eventually(() => this.#closed !== undefined, 'the socket is closed');
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
