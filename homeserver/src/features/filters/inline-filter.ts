import { syncFilterSchema } from '@holm/spec/client-server/filters';
import { MatrixError } from '@holm/spec/errors';
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import type { FilterDefinition } from '../../core/filters/filter.ts';

/** Filters in a query string; a proxy would not let much more through. */
const MAX_LENGTH = 64 * 1024;

let compiled: TypeCheck<typeof syncFilterSchema> | undefined;

/** A filter that was written out instead of being named. M_BAD_JSON for what is none. */
export const parseInlineFilter = (raw: string): FilterDefinition => {
  const value = parseJson(raw);
  compiled ??= TypeCompiler.Compile(syncFilterSchema satisfies TSchema);
  if (compiled.Check(value)) return value;
  const error = compiled.Errors(value).First();
  throw new MatrixError('M_BAD_JSON', `filter${error?.path ?? ''}: ${error?.message ?? 'no filter'}`);
};

const parseJson = (raw: string): unknown => {
  if (raw.length > MAX_LENGTH) throw new MatrixError('M_TOO_LARGE', 'the filter is too long');
  try {
    return JSON.parse(raw);
  } catch (cause) {
    throw new MatrixError('M_NOT_JSON', 'the filter is not JSON', { cause });
  }
};
