import { MatrixError } from '@holm/spec/errors';
import { ConfigError } from '../config/sources.ts';
import { ListenError } from '../http/bind.ts';
import { UsageError } from './usage-error.ts';
import { StartError } from './start-error.ts';

/** Errors whose message is meant for whoever runs the server. */
const PLAIN = [ConfigError, ListenError, StartError, UsageError, MatrixError];

/** What PostgreSQL and the network say when the database cannot be used. */
const DATABASE: Readonly<Record<string, string>> = {
  '28P01': 'the database refuses this user and password (database.url)',
  '28000': 'the database does not let this user in (database.url)',
  '3D000': 'the database that database.url names does not exist',
  '57P03': 'the database is starting up or shutting down; try again',
  '53300': 'the database takes no more connections',
};

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody answers at the address of the database',
  ENOTFOUND: 'the host of the database is not known',
  EACCES: 'this user may not read or write what the server needs',
  ENOSPC: 'the disk is full',
};

/** A failure in one sentence where it is a known one; a bug of ours with all that we know about it. */
export const sentenceOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (isPlain(error)) return error.message;
  const known = situation(error);
  if (known !== undefined) return known;
  // A connection that was tried at several addresses fails with all of their reasons.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first === undefined ? (error.stack ?? error.message) : sentenceOf(first);
};

const situation = (error: NodeJS.ErrnoException & { address?: string }): string | undefined => {
  const { code = '', address, path } = error;
  const known = DATABASE[code] ?? NETWORK[code];
  return known === undefined ? undefined : `${known}${detail(address ?? path)}`;
};

const isPlain = (error: Error): boolean => PLAIN.some((kind) => error instanceof kind);

const detail = (place: string | undefined): string => (place === undefined ? '' : `: ${place}`);
