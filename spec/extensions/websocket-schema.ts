import { clientHeads, serverHeads } from '@holm/spec/extensions/websocket';
import { WEBSOCKET } from '@holm/spec/extensions/websocket-wire';

export const SCHEMA_FILE = new URL('websocket.schema.json', import.meta.url);

/** The messages' heads as JSON Schema, for those who build a client in another language. */
export const schemaText = (): string => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `First lines of the messages of ${WEBSOCKET.protocol}`,
    description: 'What they mean is told in websocket.md.',
    $defs: {
      client: { oneOf: Object.values(clientHeads) },
      server: { oneOf: Object.values(serverHeads) },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
};
