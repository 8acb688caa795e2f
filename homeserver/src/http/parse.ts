import type { ParsedUrlQuery } from 'node:querystring';
import { type ErrCode, MatrixError } from '@holm/spec/errors';
import { type Static, type TSchema, KindGuard, OptionalKind } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { ValueErrorType } from '@sinclair/typebox/value';
import { withoutNulls } from './nulls.ts';

const compiled = new WeakMap<TSchema, TypeCheck<TSchema>>();

/** The check of a schema. What it is compiled to is the same for all servers of a process. */
export const compile = <S extends TSchema>(schema: S): TypeCheck<S> => {
  const check = (compiled.get(schema) as TypeCheck<S> | undefined) ?? TypeCompiler.Compile(schema);
  compiled.set(schema, check);
  return check;
};

/** Checks a value against a schema, which is compiled when it is first needed: most routes never are in a short life. */
export const checker = <S extends TSchema>(schema: S, invalid: ErrCode, missing: ErrCode = invalid) => {
  let check: TypeCheck<S> | undefined;
  return (value: unknown): Static<S> => {
    check ??= compile(schema);
    if (check.Check(value)) return value;
    const first = check.Errors(value).First();
    const code = first?.type === ValueErrorType.ObjectRequiredProperty ? missing : invalid;
    const where = first?.path.slice(1).replaceAll('/', '.');
    throw new MatrixError(
      code,
      `${where === undefined || where === '' ? 'the value' : where}: ${first?.message ?? code}`,
    );
  };
};

/** As `checker`, for what clients and servers say: null is as good as nothing there. */
export const lenientChecker = <S extends TSchema>(schema: S, invalid: ErrCode) => {
  const check = checker(schema, invalid);
  return (value: unknown): Static<S> => (compile(schema).Check(value) ? value : check(withoutNulls(schema, value)));
};

type Read = (value: string | string[]) => unknown;

/** Turns a query into the types that its schema asks for; what does not fit stays text and fails the check. */
export const queryReader = (schema: TSchema): ((query: ParsedUrlQuery) => Record<string, unknown>) => {
  const readers = KindGuard.IsObject(schema)
    ? Object.entries(schema.properties).map(([name, wanted]) => ({ name, read: readerOf(wanted), wanted }))
    : [];
  return (query) => {
    const values: Record<string, unknown> = {};
    for (const { name, read, wanted } of readers) {
      const value = query[name];
      if (value !== undefined) values[name] = read(value);
      else if (wanted.default !== undefined) values[name] = wanted.default;
      else if (KindGuard.IsArray(wanted) && wanted[OptionalKind] === undefined) values[name] = [];
    }
    return values;
  };
};

const readerOf = (wanted: TSchema): Read => {
  if (KindGuard.IsArray(wanted)) {
    const item = converterOf(wanted.items);
    return (value) => (typeof value === 'string' ? [value] : value).map(item);
  }
  const convert = converterOf(wanted);
  return (value) => convert(firstOf(value));
};

const firstOf = (value: string | string[]): string => (typeof value === 'string' ? value : (value[0] ?? ''));

const toNumber = (raw: string): unknown => (/^-?\d{1,16}$/.test(raw) ? Number(raw) : raw);
const toBoolean = (raw: string): unknown => (raw === 'true' ? true : raw === 'false' ? false : raw);

const converterOf = (wanted: TSchema): ((raw: string) => unknown) => {
  if (KindGuard.IsInteger(wanted) || KindGuard.IsNumber(wanted)) return toNumber;
  if (KindGuard.IsBoolean(wanted)) return toBoolean;
  return (raw) => raw;
};
