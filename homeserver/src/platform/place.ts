/** The place of something that stands in no queue and lies in no bag. */
export const NOWHERE = -1;
