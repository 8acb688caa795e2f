import type { Person } from './people.ts';

/** The next call of a method of an object is held up: `reached` when it has come, and it goes on after `goOn`. */
export const holdUp = (of: object, method: string): { readonly reached: Promise<void>; readonly goOn: () => void } => {
  const methods = of as Record<string, (...args: unknown[]) => unknown>;
  const [reached, onward] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  methods[method] = async (...args) => {
    Reflect.deleteProperty(of, method);
    reached.resolve();
    await onward.promise;
    return methods[method]?.(...args);
  };
  return { reached: reached.promise, goOn: onward.resolve };
};

/** That somebody hears what they say, while something else is held up; after that it goes on. */
export const expectHeard = async (person: Person, room: string, goOn: () => void): Promise<void> => {
  try {
    await person.say(room, 'can you hear me?');
    await person.view.untilMessage(room, 'can you hear me?');
  } finally {
    goOn();
  }
};
