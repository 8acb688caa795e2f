import { expect } from 'chai';
import { createValue } from '../reactive/value.ts';
import type { Member } from '../sdk/room-port.ts';
import { person } from '../testing/samples.ts';
import { composerModel } from './composer.ts';
import { membersModel, toRows } from './members.ts';

describe('the composer', () => {
  it('sends what was written and is empty again', () => {
    const sent: string[] = [];
    const composer = composerModel({ send: (text) => void sent.push(text) });
    composer.write('  two\nlines \n');
    expect(composer.send()).to.equal(true);
    expect(sent).to.deep.equal(['two\nlines']);
    expect(composer.draft.get()).to.equal('');
  });

  it('sends no empty message and keeps the draft', () => {
    const composer = composerModel({
      send: () => {
        throw new Error('nothing to send');
      },
    });
    composer.write(' \n');
    expect(composer.send()).to.equal(false);
    expect(composer.draft.get()).to.equal(' \n');
  });
});

describe('the members', () => {
  const member = (name: string, power: number, membership: Member['membership'] = 'join'): Member => ({
    ...person(name),
    power,
    membership,
  });

  it('come by presence, power and name, with two creators in order', () => {
    const rows = toRows([
      member('zoe', 0),
      member('ida', 100, 'invite'),
      member('mo', 50),
      member('ann', 0),
      member('cy', Infinity),
      member('bo', Infinity),
      member('ad', 100),
    ]);
    expect(rows.map(({ name, rank }) => `${name} ${rank}`)).to.deep.equal([
      'bo creator',
      'cy creator',
      'ad admin',
      'mo moderator',
      'ann member',
      'zoe member',
      'ida admin',
    ]);
    expect(rows.at(-1)?.isInvited).to.equal(true);
  });

  it('are invited by their id only', async () => {
    const invited: string[] = [];
    const model = membersModel({
      members: createValue<readonly Member[]>([]),
      mayInvite: createValue(true),
      loadMembers: async () => undefined,
      invite: async (userId) => void invited.push(userId),
    });
    for (const typed of ['bob', '#bob:a.org', '@bob', '']) {
      expect(await model.invite.run(typed)).to.equal(false);
      expect(model.invite.state.get().problem?.code).to.equal('bad-user-id');
    }
    expect(await model.invite.run(' @bob:a.org ')).to.equal(true);
    expect(invited).to.deep.equal(['@bob:a.org']);
  });
});
