/** What the killed server has in its configuration: nothing is slowed down or refused. */
export const crashSettings = {
  registration: { open: true },
  passwords: { password_hash_cost: 4 },
  calls: { enabled: false },
  rate_limits: Object.fromEntries(
    ['login', 'registration', 'message', 'join', 'invite', 'directory', 'media', 'other'].map((of) => [of, 'off']),
  ),
};
