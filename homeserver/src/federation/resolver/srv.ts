export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/**
 * The order in which to try the records: by priority, and within one priority at random in proportion to the weights
 * (RFC 2782). `random` gives numbers in [0, 1).
 */
export const orderOfSrv = (records: readonly SrvRecord[], random: () => number): SrvRecord[] => {
  const byPriority = Map.groupBy(records, ({ priority }) => priority);
  return [...byPriority.keys()].sort((a, b) => a - b).flatMap((key) => byWeight(byPriority.get(key) ?? [], random));
};

const byWeight = (records: readonly SrvRecord[], random: () => number): SrvRecord[] => {
  // Records of weight 0 come first among those left, so that they are chosen only when chance points at 0.
  const left = [...records].sort((a, b) => a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let pointer = random() * total;
    const at = left.findIndex(({ weight }) => (pointer -= weight) <= 0);
    ordered.push(...left.splice(Math.max(at, 0), 1));
  }
  return ordered;
};
