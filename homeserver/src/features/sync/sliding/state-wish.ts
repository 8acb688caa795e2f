/** State events by type and state key; what is absent matches everything. */
export interface StatePattern {
  readonly type?: string | undefined;
  readonly stateKey?: string | undefined;
}

/** Which of a room's state a client wants to be told. */
export interface StateWish {
  readonly include: readonly StatePattern[];
  readonly exclude: readonly StatePattern[];
  /** Members as far as one needs them to make sense of the timeline. */
  readonly lazyMembers: boolean;
}

type Key = readonly [type: string, stateKey: string];

const MEMBERS: StatePattern = { type: 'm.room.member' };

/** Whoever asks for everything, and for members lazily, means everything but the members, and those that they ask for besides. */
export const wishesOf = (wish: StateWish): readonly StateWish[] => {
  const { include, exclude, lazyMembers } = wish;
  if (!lazyMembers || !include.some(isEverything)) return [wish];
  return [
    { include, exclude: [...exclude, MEMBERS], lazyMembers },
    { include: include.filter((pattern) => !isEverything(pattern)), exclude, lazyMembers },
  ];
};

const isEverything = ({ type, stateKey }: StatePattern): boolean => type === undefined && stateKey === undefined;

export const isWished = (wishes: readonly StateWish[], key: Key): boolean =>
  wishes.some(({ include, exclude }) => include.some(matches(key)) && !exclude.some(matches(key)));

const matches =
  ([type, stateKey]: Key) =>
  (pattern: StatePattern): boolean =>
    (pattern.type === undefined || pattern.type === type) &&
    (pattern.stateKey === undefined || pattern.stateKey === stateKey);

export const isLazy = (wishes: readonly StateWish[]): boolean => wishes.some(({ lazyMembers }) => lazyMembers);

/** Whether all members are asked for, but for some perhaps, rather than some that are named. */
export const wantsAllMembers = (wishes: readonly StateWish[]): boolean =>
  wishes.some(({ include, exclude }) => include.some(isOfAllMembers) && !exclude.some(isOfAllMembers));

const isOfAllMembers = ({ type, stateKey }: StatePattern): boolean =>
  stateKey === undefined && (type === undefined || type === 'm.room.member');

/** The users whose membership is asked for by name. */
export const namedMembers = (wishes: readonly StateWish[]): string[] =>
  wishes.flatMap(({ include }) =>
    include.flatMap(({ type, stateKey }) =>
      stateKey !== undefined && (type === undefined || type === 'm.room.member') ? [stateKey] : [],
    ),
  );

/** The keys that are asked for if each is named; undefined when a pattern stands for many. */
export const namedKeys = (wishes: readonly StateWish[]): Key[] | undefined => {
  const keys: Key[] = [];
  for (const { include } of wishes)
    for (const { type, stateKey } of include) {
      if (type === undefined || stateKey === undefined) return undefined;
      keys.push([type, stateKey]);
    }
  return keys;
};
