/** A decision, with the reason for a refusal in words that a log or a client can show. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export const ALLOW: Verdict = { allowed: true };

export const refuse = (reason: string): Verdict => ({ allowed: false, reason });
