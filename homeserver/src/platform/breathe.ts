/** Lets everything run that is waiting to: for between the parts of a long computation. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
