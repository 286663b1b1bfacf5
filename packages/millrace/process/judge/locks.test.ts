import { describe, expect, it } from 'vitest';
import { madeUp, type Deed } from './made-up.ts';
import { judgeLocks, newResource, type LockVerdict } from './locks.ts';

const lock = (token: number) => ({ name: 'north', token });

function judged(deeds: readonly Deed[]): LockVerdict {
  return judgeLocks(madeUp(deeds));
}

describe('the judge of locks', () => {
  it('takes one holder after the other, each with a greater token', () => {
    const deeds = [
      { run: 'a', from: 0, to: 10, lock: lock(1) },
      { run: 'b', from: 10, to: 20, lock: lock(2) },
      { run: 'c', from: 5, to: 15, lock: { name: 'south', token: 1 } },
    ];
    expect(judged(deeds)).toEqual({ violations: [], grants: 3, inherited: 0, refused: 0 });
  });

  it('sees two holders', () => {
    const { violations } = judged([
      { run: 'a', from: 0, to: 10, lock: lock(1) },
      { run: 'b', from: 9, to: 20, lock: lock(2) },
    ]);
    expect(violations).toContain('lock north had 2 holders, at 9: a, b');
    expect(violations).toContain('lock north: a write of one in step work of a came in time and was refused');
  });

  it('sees that a holder between two steps is a holder', () => {
    const { violations } = judged([
      { run: 'a', from: 0, to: 10, step: 'first', lock: lock(1) },
      { run: 'a', from: 20, to: 30, step: 'second', lock: lock(1) },
      { run: 'b', from: 12, to: 18, lock: lock(2) },
    ]);
    expect(violations).toContain('lock north had 2 holders, at 12: a, b');
  });

  it.each([
    ['smaller', 2, 1, 'lock north: token 1 came after 2'],
    ['same', 2, 2, 'lock north: token 2 was given to a, b'],
  ])('sees a %s token', (_which, first, second, violation) => {
    const { violations } = judged([
      { run: 'a', from: 0, to: 10, lock: lock(first) },
      { run: 'b', from: 20, to: 30, lock: lock(second) },
    ]);
    expect(violations).toContain(violation);
  });

  it('lets a run go on elsewhere with its token, and refuses what the zombie then writes', () => {
    const deeds = [
      { run: 'a', from: 0, to: 90, engine: 'zombie', lock: lock(1) },
      { run: 'a', from: 50, to: 60, engine: 'other', epoch: 2, lock: lock(1) },
      { run: 'b', from: 61, to: 70, lock: lock(2) },
    ];
    expect(judged(deeds)).toEqual({ violations: [], grants: 2, inherited: 1, refused: 1 });
  });

  it('sees a zombie whose token is not refused', () => {
    const { violations } = judged([
      { run: 'a', from: 0, to: 90, engine: 'zombie', lock: lock(2) },
      { run: 'a', from: 50, to: 60, engine: 'other', epoch: 2, lock: lock(1) },
    ]);
    expect(violations).toContain(
      'lock north: a write of zombie in step work of a came too late and was taken',
    );
  });

  it('sees a lock that is still held, or waited for', () => {
    const none = { namespace: 'default', name: 'north', token: 3, held: undefined, waiters: [] };
    const holder = { kind: 'run', id: 'a' } as const;
    const claim = { holder, request: '1', owner: 'made-up', since: 0 };
    const locks = [none, { ...none, held: { ...claim, expiresAt: 1 } }, { ...none, waiters: [claim] }];
    expect(judgeLocks(madeUp([], { locks })).violations).toEqual([
      'lock north is still held by a, 0 wait for it',
      'lock north is still held by nobody, 1 wait for it',
    ]);
  });

  it('sees a holder that was cut short and never went on', () => {
    const { violations } = judged([{ run: 'a', from: 0, lock: lock(1) }]);
    expect(violations).toEqual(['run a with lock north was cut short and never went on']);
  });
});

describe('a resource', () => {
  it('takes no smaller token, and of one token no smaller epoch', () => {
    const resource = newResource();
    const answers = [
      resource.takes(1, 4),
      resource.takes(2, 1),
      resource.takes(2, 1),
      resource.takes(1, 9),
      resource.takes(2, 2),
      resource.takes(2, 1),
    ];
    expect(answers).toEqual([true, true, true, false, true, false]);
  });
});
