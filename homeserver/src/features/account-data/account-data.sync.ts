import type { Position, Range } from '../../streams/stream.ts';
import type { News, Reader, SyncPart } from '../../streams/sync-part.ts';
import type { AccountData } from './account-data.service.ts';

/** Account data as a part of what clients follow. */
export const accountDataPart = (accountData: AccountData): SyncPart => ({
  stream: accountData.stream,
  mayHaveNews: ({ userId }: Reader, after: Position) => accountData.mayHaveChanged(userId, after),
  async news({ userId }: Reader, range: Range): Promise<News> {
    const { global, rooms } = await accountData.changes(userId, range);
    const decides = global.some(({ type }) => type === 'm.push_rules' || type === 'm.ignored_user_list');
    return {
      accountData: global,
      ...(decides && { rulesSince: range.after }),
      rooms: new Map([...rooms].map(([roomId, events]) => [roomId, { accountData: events }])),
    };
  },
});
