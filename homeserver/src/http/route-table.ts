import Router from '@koa/router';
import { MatrixError } from '@holm/spec/errors';
import type { Method } from '@holm/spec/endpoint';
import type { Context } from 'koa';
import type { Later } from './later.ts';
import type { Reply } from './reply.ts';

export interface Mounted {
  readonly method: Method;
  readonly path: string;
  readonly run: (ctx: Context) => Promise<Reply | Later>;
}

type Dispatch = (ctx: Context) => Promise<Reply | Later>;

/** Routes whose paths have the same method, length and leading words. */
interface Shape {
  /** Where every path of the group has a word, so that the words there tell its routes apart. */
  readonly words: readonly number[];
  readonly routers: Map<string, Dispatch>;
}

const LEADING = 4;
const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE'];

const isWord = (segment: string): boolean => !segment.startsWith(':');
const shapeOf = (method: string, segments: readonly string[]): string =>
  `${method} ${segments.length} ${segments[1]}/${segments[2]}/${segments[3]}/${segments[LEADING]}`;
const wordsOf = (segments: readonly string[], words: readonly number[]): string =>
  words.map((index) => segments[index]).join('/');

/**
 * Finds a request's route. `@koa/router` tries its routes one after another, which for all of Matrix costs more than
 * the rest of a small request; so each small router holds only the routes that cannot be told apart by their words, and
 * a route that has nothing but words is in none.
 */
export class RouteTable {
  /** By method, the routes that are nothing but words, by path. */
  readonly #words: ReadonlyMap<string, ReadonlyMap<string, Dispatch>>;
  readonly #shapes: ReadonlyMap<string, Shape>;

  constructor(routes: readonly Mounted[]) {
    const { words = [], others = [] } = Object.groupBy(routes, ({ path }) =>
      path.split('/').every(isWord) ? 'words' : 'others',
    );
    const byMethod = Map.groupBy(words, ({ method }) => method);
    this.#words = new Map([...byMethod].map(([method, some]) => [method, new Map(some.map(byItsPath))]));
    const groups = Map.groupBy(others, ({ method, path }) => shapeOf(method, path.split('/')));
    this.#shapes = new Map([...groups].map(([key, group]) => [key, toShape(group)]));
  }

  /** Runs the request's route, or throws `M_UNRECOGNIZED`: 404 for a path nobody has, 405 for another method's. */
  dispatch(ctx: Context): Promise<Reply | Later> {
    const { path } = ctx;
    const found = this.#find(ctx.method === 'HEAD' ? 'GET' : ctx.method, path);
    return found ? found(ctx) : this.#refuse(ctx, path);
  }

  #find(method: string, path: string): Dispatch | undefined {
    const found = this.#words.get(method)?.get(path);
    if (found) return found;
    const segments = path.split('/');
    const shape = this.#shapes.get(shapeOf(method, segments));
    return shape?.routers.get(wordsOf(segments, shape.words));
  }

  #refuse(ctx: Context, path: string): never {
    const allowed = METHODS.filter((method) => this.#find(method, path) !== undefined);
    if (allowed.length === 0) throw noEndpoint();
    ctx.set('Allow', ['OPTIONS', ...allowed].join(', '));
    throw new MatrixError('M_UNRECOGNIZED', `this endpoint does not know ${ctx.method}`, { status: 405 });
  }
}

const noEndpoint = (): MatrixError => new MatrixError('M_UNRECOGNIZED', 'there is no such endpoint');

const toShape = (group: readonly Mounted[]): Shape => {
  const paths = group.map(({ path }) => path.split('/'));
  const length = paths[0]?.length ?? 0;
  if (paths.some((path) => !path.slice(0, LEADING + 1).every(isWord))) {
    throw new Error(`a path starts with ${LEADING} words: ${group.map(({ path }) => path).join(' ')}`);
  }
  const words = Array.from({ length }, (_, index) => index)
    .slice(LEADING + 1)
    .filter((index) => paths.every((path) => isWord(path[index] ?? '')));
  const byWords = Map.groupBy(group, ({ path }) => wordsOf(path.split('/'), words));
  return { words, routers: new Map([...byWords].map(([key, routes]) => [key, toDispatch(routes)])) };
};

const byItsPath = ({ path, run }: Mounted): readonly [string, Dispatch] => [
  path,
  (ctx) => {
    ctx['params'] = {};
    return run(ctx);
  },
];

const toDispatch = (routes: readonly Mounted[]): Dispatch => {
  // A state key may be empty, so a trailing slash means something; and paths are case-sensitive.
  const router = new Router({ strict: true, sensitive: true });
  for (const { method, path, run } of inOrder(routes)) router.register(path, [method.toLowerCase()], run as never);
  // What the router would do besides (hosts, chains of middleware, notes for who comes later) costs more than finding the route.
  return (ctx) => {
    const [layer] = router.match(ctx.path, ctx.method).pathAndMethod;
    const run = layer?.stack[0] as Mounted['run'] | undefined;
    // Which can only be for an empty parameter.
    if (!layer || !run) throw noEndpoint();
    ctx['params'] = layer.params(ctx.path, layer.captures(ctx.path));
    return run(ctx);
  };
};

/** Words before parameters, so that `…/room_keys/keys` is never taken for somebody's id. */
const inOrder = (routes: readonly Mounted[]): readonly Mounted[] =>
  [...routes].sort((a, b) => parameters(a.path) - parameters(b.path));

const parameters = (path: string): number => path.split('/').filter((segment) => !isWord(segment)).length;
