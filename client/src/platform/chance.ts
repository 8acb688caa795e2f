/** From 0 up to, and without, 1. For spreading things out, not for secrets. */
export type Chance = () => number;

export const systemChance: Chance = () => Math.random();
