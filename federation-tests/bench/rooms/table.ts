import { quantile } from '../load.ts';

export interface Goal {
  readonly goal: string;
  readonly isMet: boolean;
  /** Whether it holds on any machine: bytes and ratios do, times do not. */
  readonly isFirm?: boolean;
}

/** What was measured, each line printed as soon as it is known, with its goal beside it. */
export class Table {
  #missed = 0;

  constructor() {
    this.#line('measure', 'value', 'goal');
    console.log(`|${'-'.repeat(76)}|${'-'.repeat(34)}|${'-'.repeat(34)}|`);
  }

  /** How many goals were missed that do not depend on the machine. */
  get missed(): number {
    return this.#missed;
  }

  add(what: string, value: string, goal?: Goal): void {
    if (goal && !goal.isMet && goal.isFirm === true) this.#missed++;
    this.#line(what, value, goal ? `${goal.goal}: ${goal.isMet ? 'met' : 'MISSED'}` : '');
  }

  #line(what: string, value: string, goal: string): void {
    console.log(`| ${what.padEnd(74)} | ${value.padEnd(32)} | ${goal.padEnd(32)} |`);
  }
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Milliseconds as far as they mean something. */
export const time = (ms: number): string => `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

export const bytes = (value: number): string => `${value.toFixed(0)} bytes`;
