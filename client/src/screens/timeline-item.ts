import { html, type TemplateResult } from 'lit';
import '../elements/holm-message.ts';
import type { MessageLook } from '../elements/holm-message.ts';
import '../elements/holm-notice.ts';
import { dayName, fullTime, timeOfDay } from '../i18n/dates.ts';
import type { MessageItem, TimelineItem } from '../models/timeline-items.ts';
import type { TimelineModel } from '../models/timeline.ts';
import { entryText } from './entry-words.ts';
import { describe } from './problem-words.ts';

export const timelineItem = (item: TimelineItem, timeline: TimelineModel, now: number): TemplateResult => {
  switch (item.kind) {
    case 'day':
      return html`<holm-notice .text=${dayName(item.at, now)} .isDay=${true}></holm-notice>`;
    case 'notice':
      return html`<holm-notice .text=${entryText(item.entry)} .time=${fullTime(item.entry.at)}></holm-notice>`;
    case 'message':
      return message(item, timeline);
  }
};

const message = (item: MessageItem, timeline: TimelineModel): TemplateResult => {
  const { entry, key } = item;
  const { body } = entry;
  return html`<holm-message
    .author=${entry.sender.name}
    .userId=${entry.sender.userId}
    .look=${lookOf(item)}
    .segments=${segmentsOf(item)}
    .time=${timeOfDay(entry.at)}
    .fullTime=${fullTime(entry.at)}
    .isEdited=${body.kind === 'text' && body.edited}
    .own=${entry.isOwn}
    .opens=${item.opens}
    .delivery=${entry.delivery}
    .showsDelivery=${item.showsDelivery}
    .problem=${entry.problem ? describe(entry.problem) : ''}
    @holm-retry=${() => timeline.retry(key)}
    @holm-discard=${() => timeline.discard(key)}
  ></holm-message>`;
};

const lookOf = ({ entry: { body } }: MessageItem): MessageLook => {
  switch (body.kind) {
    case 'text':
      return body.style;
    case 'membership':
    case 'room':
      return 'notice';
    case 'file':
    case 'encrypted':
    case 'removed':
      return body.kind;
  }
};

const segmentsOf = (item: MessageItem) =>
  item.entry.body.kind === 'text' ? item.segments : [{ text: entryText(item.entry) }];
