import { readdirSync } from 'node:fs';
import type { Endpoint } from '@holm/spec/endpoint';

/** Every operation of the specification's two homeserver APIs that `spec/src` defines for this server to answer. */
export const definedEndpoints = (): Promise<Endpoint[]> => endpointsIn(['client-server', 'server-server']);

/** Those beside the specification, which the ledger does not list. */
export const extensionEndpoints = (): Promise<Endpoint[]> => endpointsIn(['extensions']);

const endpointsIn = async (folders: readonly string[]): Promise<Endpoint[]> => {
  const found: Endpoint[] = [];
  for (const folder of folders) {
    const home = new URL(`../src/${folder}/`, import.meta.url);
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
      const exported = (await import(new URL(file, home).href)) as Record<string, unknown>;
      found.push(...Object.values(exported).filter(isEndpoint));
    }
  }
  return found;
};

const isEndpoint = (value: unknown): value is Endpoint =>
  typeof value === 'object' && value !== null && 'operationId' in value && 'method' in value && 'path' in value;
