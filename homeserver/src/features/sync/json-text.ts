/** JSON that is serialised already, and how to put such pieces together. */
export type JsonText = string;

export const arrayOf = (items: readonly JsonText[]): JsonText => `[${items.join(',')}]`;

/** The members that there are, for an object that has more of them. A long text is copied with each look into it: do not cut it. */
export const fieldsOf = (members: Readonly<Record<string, JsonText | undefined>>): string => {
  let text = '';
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${value}`;
  }
  return text;
};

/** An object of the members that there are. */
export const objectOf = (members: Readonly<Record<string, JsonText | undefined>>): JsonText => `{${fieldsOf(members)}}`;

/** `{"events":[…]}`, as nearly every section of a sync is. */
export const eventsOf = (events: readonly JsonText[]): JsonText => `{"events":[${events.join(',')}]}`;
