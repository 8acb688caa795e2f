import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n/words.ts';
import type { Problem } from '../models/problem.ts';

/** Some refusals mean something particular in one place. */
export type Particular = Readonly<Record<string, string>>;

/** A problem in words: ours where we know what it means, the server's own beside them. */
export const describe = (problem: Problem, particular: Particular = {}): string => {
  const own = particular[problem.code];
  if (own !== undefined) return own;
  const known = t.problems[problem.code];
  const said = problem.code.startsWith('M_') && problem.detail ? t.serverSays(problem.detail) : undefined;
  const parts = [known ?? (said === undefined ? t.problemUnknown : ''), said ?? ''].filter((part) => part !== '');
  if (problem.retryAfterMs !== undefined) parts.push(t.tryIn(Math.ceil(problem.retryAfterMs / 1000)));
  return parts.join(' ');
};

export const problemBox = (problem: Problem | undefined, particular?: Particular): TemplateResult | typeof nothing =>
  problem ? html`<p class="problem" role="alert">${describe(problem, particular)}</p>` : nothing;
