import { hash, timingSafeEqual } from 'node:crypto';

const digest = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Whether two secrets are the same, in a time that tells nothing of how much of them is. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
