import type { Value } from '../reactive/value.ts';
import type { RoomSummary } from './room-summary.ts';
import type { RoomPort } from './room-port.ts';

/** What is remembered of a signed-in device. */
export interface Session {
  readonly baseUrl: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  /** From a sign-up link, or typed in. */
  readonly token?: string;
}

export type Connection = 'connecting' | 'online' | 'reconnecting' | 'offline';

/** Everything the client asks of Matrix. The SDK behind it is loaded when first needed. */
export interface Gateway {
  /**
   * Finds the homeserver behind what somebody typed.
   * @throws ProblemError `not-a-homeserver`, `bad-well-known`
   */
  discover(typed: string): Promise<string>;
  logIn(baseUrl: string, credentials: { username: string; password: string }): Promise<Session>;
  register(baseUrl: string, account: NewAccount): Promise<Session>;
  isTokenValid(baseUrl: string, token: string): Promise<boolean>;
  open(session: Session): Account;
}

export interface NewRoom {
  readonly name: string;
  readonly isPublic: boolean;
  /** Local part of the address to give it. */
  readonly alias?: string;
}

/** A signed-in device, syncing. */
export interface Account extends Disposable {
  readonly userId: string;
  readonly displayName: Value<string>;
  readonly connection: Value<Connection>;
  /** False until the first sync has come in. */
  readonly isReady: Value<boolean>;
  /** The server no longer accepts our token. */
  readonly isRevoked: Value<boolean>;
  readonly rooms: Value<readonly RoomSummary[]>;
  room(roomId: string): RoomPort;
  /** @returns the id of the new room */
  createRoom(room: NewRoom): Promise<string>;
  /** @returns the id of the room joined */
  join(roomIdOrAlias: string, via: readonly string[]): Promise<string>;
  reconnect(): void;
  logOut(): Promise<void>;
}
