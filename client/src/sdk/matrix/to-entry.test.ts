import { expect } from 'chai';
import { EventStatus, MatrixError, MatrixEvent } from 'matrix-js-sdk';
import { toEntry } from './to-entry.ts';

const ME = '@me:a.org';

const event = (type: string, content: object, more: object = {}) =>
  new MatrixEvent({
    type,
    content,
    event_id: '$e',
    room_id: '!r',
    sender: '@ann:a.org',
    origin_server_ts: 5,
    ...more,
  });

describe('an event in the timeline', () => {
  const bodies: readonly [string, MatrixEvent, object | undefined][] = [
    [
      'a message',
      event('m.room.message', { msgtype: 'm.text', body: 'hi', formatted_body: '<b>hi</b>' }),
      { kind: 'text', style: 'text', text: 'hi', edited: false },
    ],
    [
      'an emote',
      event('m.room.message', { msgtype: 'm.emote', body: 'waves' }),
      { kind: 'text', style: 'emote', text: 'waves', edited: false },
    ],
    [
      'a picture',
      event('m.room.message', { msgtype: 'm.image', body: 'a.png' }),
      { kind: 'file', media: 'image', name: 'a.png' },
    ],
    [
      'a type of message from the future',
      event('m.room.message', { msgtype: 'toString', body: 'x' }),
      { kind: 'text', style: 'text', text: 'x', edited: false },
    ],
    [
      'a message without sense',
      event('m.room.message', { body: 7 }),
      { kind: 'text', style: 'text', text: '', edited: false },
    ],
    ['an encrypted one', event('m.room.encrypted', { algorithm: 'm.megolm.v1.aes-sha2' }), { kind: 'encrypted' }],
    ['a reaction', event('m.reaction', {}), undefined],
    [
      'an edit',
      event('m.room.message', {
        msgtype: 'm.text',
        body: '* x',
        'm.relates_to': { rel_type: 'm.replace', event_id: '$o' },
      }),
      undefined,
    ],
    [
      'a join',
      event('m.room.member', { membership: 'join', displayname: 'Ann' }, { state_key: '@ann:a.org' }),
      { kind: 'membership', change: 'joined', target: { userId: '@ann:a.org', name: 'Ann' }, reason: '' },
    ],
    ['a state event nobody reads', event('m.room.guest_access', {}, { state_key: '' }), undefined],
  ];
  for (const [name, source, body] of bodies)
    it(`${name}: ${body ? JSON.stringify(body) : 'nothing'}`, () =>
      expect(toEntry(source, ME)?.body).to.deep.equal(body));

  it('of somebody without a display name is by the first part of their id', () => {
    expect(toEntry(event('m.room.message', { body: 'x' }), ME)?.sender).to.deep.equal({
      userId: '@ann:a.org',
      name: 'ann',
    });
  });

  it('keeps its key when the server has given it an id', () => {
    const sending = event('m.room.message', { body: 'x' }, { sender: ME, event_id: '~local' });
    sending.setTxnId('t1');
    sending.setStatus(EventStatus.SENDING);
    const back = event('m.room.message', { body: 'x' }, { sender: ME, unsigned: { transaction_id: 't1' } });
    expect(toEntry(sending, ME)).to.include({ key: 't1', delivery: 'sending', isOwn: true });
    expect(toEntry(back, ME)).to.include({ key: 't1', delivery: 'sent' });
  });

  it('says why it was not sent', () => {
    const failed = event('m.room.message', { body: 'x' }, { sender: ME });
    failed.setStatus(EventStatus.NOT_SENT);
    failed.error = new MatrixError({ errcode: 'M_TOO_LARGE', error: 'too big' }, 413);
    expect(toEntry(failed, ME)).to.deep.include({
      delivery: 'failed',
      problem: { code: 'M_TOO_LARGE', detail: 'too big' },
    });
  });
});
