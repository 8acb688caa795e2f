// `node spec/extensions/print.ts`: writes websocket.schema.json anew.
import { writeFileSync } from 'node:fs';
import { SCHEMA_FILE, schemaText } from './websocket-schema.ts';

writeFileSync(SCHEMA_FILE, schemaText());
