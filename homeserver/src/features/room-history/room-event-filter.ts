import { roomEventFilterSchema } from '@holm/spec/client-server/filters';
import { MatrixError } from '@holm/spec/errors';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { compileRoomEventFilter, type RoomEventFilter } from '../../core/filters/event-filter.ts';

const MAX_LENGTH = 64 * 1024;
const EVERYTHING = compileRoomEventFilter();

let compiled: TypeCheck<typeof roomEventFilterSchema> | undefined;

/** The `filter` parameter of requests for history. M_NOT_JSON or M_BAD_JSON for what is no filter. */
export const parseRoomEventFilter = (raw: string | undefined): RoomEventFilter => {
  if (raw === undefined || raw === '') return EVERYTHING;
  if (raw.length > MAX_LENGTH) throw new MatrixError('M_TOO_LARGE', 'the filter is too long');
  const value = parseJson(raw);
  compiled ??= TypeCompiler.Compile(roomEventFilterSchema);
  if (compiled.Check(value)) return compileRoomEventFilter(value);
  const error = compiled.Errors(value).First();
  throw new MatrixError('M_BAD_JSON', `filter${error?.path ?? ''}: ${error?.message ?? 'no filter'}`);
};

const parseJson = (raw: string): unknown => {
  try {
    return JSON.parse(raw);
  } catch (cause) {
    throw new MatrixError('M_NOT_JSON', 'the filter is not JSON', { cause });
  }
};
