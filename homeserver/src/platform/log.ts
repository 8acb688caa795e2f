import { pino } from 'pino';
import { currentRequestId } from './request-id.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Structured lines. The event is a fixed phrase to search for; everything that varies is a field. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** A log whose lines all carry `fields` too. */
  with(fields: Fields): Log;
}

interface Destination {
  write(line: string): void;
}

const MAX_CAUSES = 5;

/**
 * An error becomes its kind, code, message, stack and cause; pino only does that for a field called `err`. Nothing else
 * of it is written: databases attach rows and parameters to their errors, and other servers' answers may hang on ours.
 */
const told = (error: unknown, causes = MAX_CAUSES): unknown => {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type: name,
    ...(typeof code === 'string' && { code }),
    message,
    stack,
    ...(cause !== undefined && causes > 0 && { cause: told(cause, causes - 1) }),
  };
};

const serializers = { err: (error: unknown) => told(error) };

type Level = LogLevel | 'silent';

/** `areas` gives another level to the logs whose fields say `area`. */
export const createLog = (
  level: Level,
  destination: Destination = process.stdout,
  areas: Readonly<Record<string, Level>> = {},
): Log => {
  const formatters = { level: (label: string) => ({ level: label }) };
  const timestamp = pino.stdTimeFunctions.isoTime;
  const root = pino({ level, base: null, serializers, formatters, mixin, timestamp }, destination);
  return wrap(root, areas);
};

/** On every line: the request that it was written for. */
const mixin = (): Fields => {
  const requestId = currentRequestId();
  return requestId === undefined ? {} : { requestId };
};

const wrap = (logger: pino.Logger, areas: Readonly<Record<string, Level>>): Log => ({
  debug: (event, fields = {}) => logger.debug(fields, event),
  info: (event, fields = {}) => logger.info(fields, event),
  warn: (event, fields = {}) => logger.warn(fields, event),
  error: (event, fields = {}) => logger.error(fields, event),
  with: (fields) => {
    const level = areas[String(fields['area'])];
    return wrap(logger.child(fields, level === undefined ? {} : { level }), areas);
  },
});

export const silentLog: Log = createLog('silent');
