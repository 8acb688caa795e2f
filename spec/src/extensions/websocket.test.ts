import { readFileSync } from 'node:fs';
import { Value } from '@sinclair/typebox/value';
import { expect } from 'chai';
import fc from 'fast-check';
import { SCHEMA_FILE, schemaText } from '../../extensions/websocket-schema.ts';
import { clientHeads, type ClientHead, serverHeads } from './websocket.ts';
import { splitMessage, writeMessage } from './websocket-wire.ts';

const DOCUMENT = new URL('../../extensions/websocket.md', import.meta.url);

describe('messages of the WebSocket', () => {
  it('are taken apart into what they were put together from', () => {
    const head = fc.record({ type: fc.constant('ack' as const), id: fc.nat(), pos: fc.string() });
    fc.assert(
      fc.property(head, fc.string(), (said: ClientHead, payload) => {
        const message = splitMessage(writeMessage(said, payload));
        expect({ ...message, head: JSON.parse(message.head) as unknown }).to.deep.equal({ head: said, payload });
      }),
    );
  });

  it('are printed as JSON Schema (node spec/extensions/print.ts)', () => {
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).to.deep.equal(JSON.parse(schemaText()));
  });

  it('are in the document as the schemas have them', () => {
    const example = readFileSync(DOCUMENT, 'utf8').split('## Example')[1]!;
    const lines = [...example.matchAll(/^ {4}([CS]) (.*)$/gm)];
    expect(lines).to.have.length(7);
    for (const [, side, text] of lines) {
      const head = JSON.parse(text!) as { type: string };
      const schemas = side === 'C' ? clientHeads : serverHeads;
      const schema = schemas[head.type as keyof typeof schemas];
      expect([...Value.Errors(schema, head)], text).to.deep.equal([]);
    }
  });
});
