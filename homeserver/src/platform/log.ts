import { pino } from 'pino';

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

/** An error becomes its message, stack and cause; pino only does that for a field called `err`. */
const serializers = { err: pino.stdSerializers.errWithCause };

export const createLog = (level: LogLevel | 'silent', destination: Destination = process.stdout): Log =>
  wrap(pino({ level, base: null, serializers, timestamp: pino.stdTimeFunctions.isoTime }, destination));

const wrap = (logger: pino.Logger): Log => ({
  debug: (event, fields = {}) => logger.debug(fields, event),
  info: (event, fields = {}) => logger.info(fields, event),
  warn: (event, fields = {}) => logger.warn(fields, event),
  error: (event, fields = {}) => logger.error(fields, event),
  with: (fields) => wrap(logger.child(fields)),
});

export const silentLog: Log = createLog('silent');
