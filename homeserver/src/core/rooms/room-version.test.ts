import { expect } from 'chai';
import { roomVersion, roomVersions } from './room-version.ts';

/** https://spec.matrix.org/latest/rooms/, a row a property and a column a version, `=` for "as before". */
const TABLE: [property: string, ...values: string[]][] = [
  ['id', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'],
  ['eventIds', 'supplied', '=', 'base64 hash', 'url-safe hash', '=', '=', '=', '=', '=', '=', '=', '='],
  ['eventReferences', 'id and hash pairs', '=', 'ids', '=', '=', '=', '=', '=', '=', '=', '=', '='],
  ['roomIds', 'supplied', '=', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'create hash'],
  ['stateResolution', 'v1', 'v2', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'v2.1'],
  ['enforceKeyValidity', 'false', '=', '=', '=', 'true', '=', '=', '=', '=', '=', '=', '='],
  ['strictCanonicalJson', 'false', '=', '=', '=', '=', 'true', '=', '=', '=', '=', '=', '='],
  ['oversizeIds', 'reject', '=', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'drop'],
  ['redactsKey', 'top level', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'content', '='],
  ['auth.aliasesSpecialCase', 'true', '=', '=', '=', '=', 'false', '=', '=', '=', '=', '=', '='],
  ['auth.redactionRule', 'true', '=', 'false', '=', '=', '=', '=', '=', '=', '=', '=', '='],
  ['auth.notificationLevels', 'false', '=', '=', '=', '=', 'true', '=', '=', '=', '=', '=', '='],
  ['auth.powerLevels', 'lenient', '=', '=', '=', '=', 'integers or strings', '=', '=', '=', 'integers', '=', '='],
  ['auth.creator', 'content', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'sender', 'sender and additional'],
  ['auth.privilegedCreators', 'false', '=', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'true'],
  ['auth.createInAuthEvents', 'true', '=', '=', '=', '=', '=', '=', '=', '=', '=', '=', 'false'],
]; // prettier-ignore

describe('room versions', () => {
  for (const [property, ...values] of TABLE) {
    it(`choose ${property} as the specification's table does`, () => {
      let expected = '';
      for (const [index, version] of roomVersions.entries()) {
        if (values[index] !== '=') expected = values[index] ?? '';
        const value: unknown = property.split('.').reduce<unknown>((at, key) => Reflect.get(Object(at), key), version);
        expect(String(value), `version ${version.id}`).to.equal(expected);
      }
    });
  }

  const admitted = (property: 'memberships' | 'knockable' | 'restricted') =>
    roomVersions.map(({ auth }) => [...auth[property]].join(' '));
  const times = (count: number, value: string): string[] => Array.from({ length: count }, () => value);

  it('know knocking from 7, restricted rooms from 8 and both at once from 10', () => {
    expect(admitted('memberships')).to.deep.equal([
      ...times(6, 'join invite leave ban'),
      ...times(6, 'join invite leave ban knock'),
    ]);
    expect(admitted('knockable')).to.deep.equal([
      ...times(6, ''),
      ...times(3, 'knock'),
      ...times(3, 'knock knock_restricted'),
    ]);
    expect(admitted('restricted')).to.deep.equal([
      ...times(7, ''),
      ...times(2, 'restricted'),
      ...times(3, 'restricted knock_restricted'),
    ]);
  });

  it('are found by id, and others are not', () => {
    expect(roomVersion('6')?.id).to.equal('6');
    expect(roomVersion('0')).to.equal(undefined);
    expect(roomVersion('constructor')).to.equal(undefined);
  });
});
