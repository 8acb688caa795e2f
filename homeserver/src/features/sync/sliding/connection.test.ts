import { expect } from 'chai';
import type { Position } from '../../../streams/stream.ts';
import { Connection, type Told } from './connection.ts';

const at = (...positions: number[]) => positions as Position[];
const told: Told = { limit: 1, config: 0, standing: 'join', isDm: false };
const standings = ({ rooms }: Connection) => [...rooms].map(([nid, { standing }]) => [nid, standing]);

describe('a connection of sliding sync', () => {
  it('goes on from what has arrived, or from one of the two newest answers, and from nothing else', () => {
    const connection = Connection.fresh('e');
    const first = connection.send(new Map([[7, told]]), {}, new Map());
    expect(connection.goOnFrom(first, at(5))).to.eql([5]);
    const lost = connection.send(new Map([[8, told]]), {}, new Map());
    connection.send(new Map([[9, told]]), {}, new Map());
    const second = connection.send(new Map(), {}, new Map());
    expect(connection.goOnFrom(lost, at(9))).to.equal(undefined);
    expect(connection.goOnFrom(first, at(6))).to.eql([6]);
    expect(standings(connection), 'what may have arrived, too').to.eql([
      [7, 'join'],
      [9, 'outside'],
    ]);
    expect(connection.goOnFrom(second, at(9))).to.eql([9]);
    expect(connection.goOnFrom(first, at(6))).to.equal(undefined);
  });

  it('goes on from the answer that has arrived, if another one was made after it for a request of before', () => {
    const connection = Connection.fresh('e');
    const arrived = connection.send(new Map([[7, told]]), {}, new Map());
    const late = connection.send(new Map([[8, told]]), {}, new Map());
    expect(connection.goOnFrom(arrived, at(5))).to.eql([5]);
    expect(standings(connection)).to.eql([
      [7, 'join'],
      [8, 'outside'],
    ]);
    expect(connection.goOnFrom(late, at(5))).to.equal(undefined);
  });

  it('that was written down before a crash knows no more than it knew then, however far its client has come', () => {
    const before = Connection.fresh('e');
    const first = before.send(new Map([[7, told]]), {}, new Map());
    before.goOnFrom(first, at(5, 50));
    const after = new Connection(before.save(), before.rooms);
    expect(after.goOnFrom(first + 3, at(9, 40))).to.eql([5, 40]);
    expect(after.goOnFrom(first, at(5, 50))).to.equal(undefined);
  });

  it('knows which rooms are told of in each answer', () => {
    const connection = Connection.fresh('e');
    connection.goOnFrom(
      connection.send(
        new Map([
          [7, told],
          [8, told],
        ]),
        {},
        new Map(),
      ),
      at(5),
    );
    connection.goOnFrom(connection.send(new Map([[7, { ...told, missed: at(5) }]]), {}, new Map()), at(6));
    expect([...connection.live]).to.eql([8]);
    expect([...new Connection(connection.save(), connection.rooms).live]).to.eql([8]);
  });
});
