/** Loaded before the fuzzer (`node --import`): changes one file of core/state on its way in, as HOLM_MUTANT says. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants.ts';

const mutant = MUTANTS[Number(process.env['HOLM_MUTANT'])];
if (mutant === undefined) throw new Error('HOLM_MUTANT names no mutant');
const target = new URL(`../../homeserver/src/core/state/${mutant.file}`, import.meta.url).href;

registerHooks({
  load: (url, context, next) => {
    if (url !== target) return next(url, context);
    const source = readFileSync(fileURLToPath(url), 'utf8');
    if (!source.includes(mutant.find)) throw new Error(`${mutant.file} has no longer what "${mutant.name}" changes`);
    return { format: 'module-typescript', source: source.replace(mutant.find, mutant.replace), shortCircuit: true };
  },
});
