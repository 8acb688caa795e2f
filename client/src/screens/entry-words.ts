import { t } from '../i18n/words.ts';
import type { Entry } from '../models/timeline-items.ts';

/** An entry as one line of plain text. */
export const entryText = ({ body, sender }: Entry): string => {
  switch (body.kind) {
    case 'text':
      return body.style === 'emote' ? `* ${sender.name} ${body.text}` : body.text;
    case 'file':
      return t.file[body.media](body.name);
    case 'encrypted':
      return t.encrypted;
    case 'removed':
      return t.removed;
    case 'membership':
      return t.membership[body.change](sender.name, body.target.name, body.reason);
    case 'room':
      return t.room[body.change.what](sender.name, 'value' in body.change ? body.change.value : '');
  }
};

/** What a room's line in the list says was said last. */
export const previewText = (entry: Entry | undefined): string => {
  if (!entry) return t.noMessages;
  const text = entryText(entry).replace(/\s+/g, ' ');
  if (entry.body.kind === 'membership' || entry.body.kind === 'room') return text;
  return entry.isOwn ? t.youSay(text) : t.says(entry.sender.name, text);
};
