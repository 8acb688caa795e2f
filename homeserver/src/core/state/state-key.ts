declare const kind: unique symbol;

/**
 * What a state event is the current one of: its type and state key in one string, for maps.
 * Event types may not hold NUL, so the first one ends the type.
 */
export type StateKeyString = string & { readonly [kind]: 'StateKeyString' };

export const stateKey = (type: string, key: string): StateKeyString => `${type}\u0000${key}` as StateKeyString;

export const fromStateKey = (joined: StateKeyString): readonly [type: string, key: string] => {
  const end = joined.indexOf('\u0000');
  return [joined.slice(0, end), joined.slice(end + 1)];
};
