import type { ReadStream } from 'node:tty';
import { UsageError } from './usage-error.ts';

interface Terminal {
  readonly input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly prompt: (text: string) => void;
}

/** A password: typed twice without being shown, or the first line of what is piped in. */
export const readPassword = async ({ input, prompt }: Terminal): Promise<string> => {
  if (input.isTTY !== true) return firstLine(input);
  prompt('Password: ');
  const password = await typed(input);
  prompt('\nOnce more: ');
  const again = await typed(input);
  prompt('\n');
  if (password !== again) throw new UsageError('these are two different passwords');
  return password;
};

const firstLine = async (input: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const chunk of input) text += String(chunk);
  const [line = ''] = text.split(/\r?\n/);
  if (line === '') throw new UsageError('no password was given');
  return line;
};

const ENTER = new Set(['\r', '\n']);
/** Control-C and control-D. */
const GIVE_UP = new Set(['\u0003', '\u0004']);
const RUB_OUT = new Set(['\b', '\u007f']);

const typed = (input: Terminal['input']): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const end = (settle: () => void): void => {
      input.off('data', take);
      input.setRawMode?.(false);
      input.pause();
      settle();
    };
    const take = (chunk: Buffer | string): void => {
      for (const character of String(chunk)) {
        if (ENTER.has(character)) {
          end(() => resolve(text));
          return;
        }
        if (GIVE_UP.has(character)) {
          end(() => reject(new UsageError('given up')));
          return;
        }
        text = RUB_OUT.has(character) ? Array.from(text).slice(0, -1).join('') : text + character;
      }
    };
    input.setRawMode?.(true);
    input.on('data', take);
    input.resume();
  });
