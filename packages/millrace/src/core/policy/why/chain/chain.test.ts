import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reason } from '../reason.ts';
import { openChain, type Link } from './chain.ts';

const AT = '2026-01-01T00:00:00.000Z';
type Refs = Reason['refs'];

function reason(code: Reason['code'], refs: Refs, since = AT): Reason {
  return { code, message: code, since, refs, remedy: { message: 'r', command: null } };
}
const child = (runId: string): Reason => reason('WAITING_CHILD', { child: `c-${runId}`, runId });
const lock = (name: string, runId: string, refs: Refs = {}): Reason =>
  reason('WAITING_LOCK', { lock: name, runId, ...refs });
const limit = (holders: string, inUse: number, refs: Refs = { limit: 'queue', queue: 'default' }): Reason =>
  reason('LIMIT_REACHED', { holders, inUse, max: inUse, ...refs });
const signal = reason('WAITING_SIGNAL', { signal: 'go' });

function link(runId: string, ...reasons: Reason[]): Link {
  return { runId, workflow: 'order', status: 'waiting', engineId: null, reasons };
}

/** The whole chain from the first of these runs; who is not among them is gone. */
function tell(root: Link, ...others: Link[]) {
  const chain = openChain(root);
  const asked: string[] = [];
  for (let ids = chain.next(); ids.length > 0; ids = chain.next()) {
    asked.push(...ids);
    chain.add(others.filter(({ runId }) => ids.includes(runId)));
  }
  return { ...chain.tell(), asked };
}

/** A tree of reasons as nested codes and runs. */
function shape(reasons: readonly Reason[]): unknown {
  return reasons.map(({ code, causes }) =>
    causes === undefined
      ? code
      : [code, ...causes.map((of) => [of.runId, of.told ? 'told' : shape(of.reasons)])],
  );
}

describe('the chain from a run to its cause', () => {
  it('follows each reason to the run that it names, and to the end', () => {
    const told = tell(link('a', child('b')), link('b', lock('l', 'c')), link('c', signal));
    expect(told.asked).toEqual(['b', 'c']);
    expect(told.complete).toBe(true);
    expect(shape(told.reasons)).toEqual([
      ['WAITING_CHILD', ['b', [['WAITING_LOCK', ['c', ['WAITING_SIGNAL']]]]]],
    ]);
    expect(told.reasons[0]?.causes?.[0]).toMatchObject({
      workflow: 'order',
      status: 'waiting',
      engineId: null,
    });
  });

  it('names all first holders of a limit', () => {
    const told = tell(link('a', limit('b c', 5)), link('b', signal), link('c', signal));
    expect(shape(told.reasons)).toEqual([
      ['LIMIT_REACHED', ['b', ['WAITING_SIGNAL']], ['c', ['WAITING_SIGNAL']]],
    ]);
  });

  it('tells each run once, where it was met first', () => {
    const told = tell(
      link('a', child('b'), child('c'), lock('l', 'c')),
      link('b', lock('l', 'c')),
      link('c', signal),
    );
    expect(told.asked).toEqual(['b', 'c']);
    expect(shape(told.reasons)).toEqual([
      ['WAITING_CHILD', ['b', [['WAITING_LOCK', ['c', 'told']]]]],
      ['WAITING_CHILD', ['c', ['WAITING_SIGNAL']]],
      ['WAITING_LOCK', ['c', 'told']],
    ]);
  });

  it('leaves out a run that is gone by now', () => {
    expect(shape(tell(link('a', child('b'))).reasons)).toEqual(['WAITING_CHILD']);
  });

  it('stays bounded, and says so', () => {
    const wide = link('a', ...'bcdefg'.split('').map(child));
    expect(tell(wide)).toMatchObject({ complete: false, asked: 'bcdef'.split('') });
    const row = Array.from({ length: 60 }, (_, at) => link(`r${at}`, child(`r${at + 1}`)));
    const [first, ...rest] = row as [Link, ...Link[]];
    expect(tell(first, ...rest)).toMatchObject({ complete: false, asked: { length: 16 } });
    const bushy = (runId: string): Link => link(runId, ...[1, 2, 3, 4].map((at) => child(`${runId}${at}`)));
    const all = ['1', '2', '3', '4'].flatMap((at) => [
      `x${at}`,
      ...['1', '2', '3', '4'].map((to) => `x${at}${to}`),
    ]);
    const told = tell(bushy('x'), ...all.map(bushy));
    expect(told).toMatchObject({ complete: false, asked: { length: 40 } });
  });
});

describe('runs that wait for each other', () => {
  it('are named, with what they wait for and when it ends by itself', () => {
    const until = '2026-01-01T00:05:00.000Z';
    const later = '2026-01-01T00:06:00.000Z';
    const since = '2026-01-01T00:00:09.000Z';
    const b = reason('WAITING_LOCK', { lock: 'a lock', runId: 'a', expiresAt: until }, since);
    const told = tell(link('a', lock('l2', 'b', { expiresAt: later, until: later })), link('b', b));
    expect(told.reasons[0]).toEqual({
      code: 'DEADLOCK',
      message: `runs wait for each other: a for lock "l2" of b, b for lock "a lock" of a; this ends by itself at ${until}`,
      since,
      refs: { runIds: 'a b', until },
      remedy: {
        message: 'Take a lock away from its holder, or cancel one of the runs.',
        command: 'millrace locks release l2',
      },
    });
    expect(shape(told.reasons)).toEqual([
      'DEADLOCK',
      ['WAITING_LOCK', ['b', [['WAITING_LOCK', ['a', 'told']]]]],
    ]);
  });

  it('are named where they are met, also behind others and beside each other', () => {
    const told = tell(
      link('a', child('b'), child('c'), child('d')),
      link('b', lock('l', 'c')),
      link('c', lock('m', 'b')),
      link('d', child('b')),
    );
    expect(shape(told.reasons)).toEqual([
      ['WAITING_CHILD', ['b', ['DEADLOCK', ['WAITING_LOCK', ['c', 'told']]]]],
      ['WAITING_CHILD', ['c', [['WAITING_LOCK', ['b', 'told']]]]],
      ['WAITING_CHILD', ['d', [['WAITING_CHILD', ['b', 'told']]]]],
    ]);
  });

  it.each([
    [{ limit: 'key', key: 'ada' }, 'a grant of key "ada"', 'millrace queues limit ada --key --max 2'],
    [{ limit: 'global' }, 'a grant of the namespace', 'millrace queues limit --all --max 2'],
  ])('may be a parent and its child that needs the same limit: %j', (refs, object, command) => {
    const told = tell(link('a', child('b')), link('b', limit('a', 1, refs)));
    const message = `runs wait for each other: a for child "c-b" of b, b for ${object} of a`;
    expect(told.reasons[0]).toMatchObject({ code: 'DEADLOCK', message, remedy: { command } });
  });

  it('may be a run that waits for itself through a task, beside what its nodes wait for', () => {
    const task = reason('WAITING_TASK', { step: 's', runId: 'b' });
    const told = tell(link('a', reason('WAITING_NODE', { node: 'n' }), task), link('b', child('a')));
    expect(told.reasons[0]).toMatchObject({
      message: 'runs wait for each other: a for step "s" of b, b for child "c-a" of a',
      remedy: { message: 'Cancel one of the runs.', command: 'millrace cancel b' },
    });
  });

  it('are in no deadlock while one of them has another way out', () => {
    const codes = (...links: [Link, ...Link[]]) => tell(...links).reasons.map(({ code }) => code);
    expect(codes(link('a', lock('l', 'b')), link('b', lock('m', 'a'), signal))).not.toContain('DEADLOCK');
    expect(
      codes(link('a', limit('b', 2)), link('b', child('a'))),
      'a holder that is not named',
    ).not.toContain('DEADLOCK');
    expect(codes(link('a', limit('b c', 2)), link('b', child('a')), link('c', signal))).not.toContain(
      'DEADLOCK',
    );
    expect(
      codes(link('a', lock('l', 'b')), { ...link('b', lock('m', 'a')), status: 'completed' }),
    ).not.toContain('DEADLOCK');
    expect(codes(link('a', limit('b c', 2)), link('b', child('a')), link('c', child('a')))).toContain(
      'DEADLOCK',
    );
  });

  it('are in no deadlock when one of them has moved on since it was looked at', () => {
    const chain = openChain(link('a', lock('l', 'b')));
    expect(chain.next()).toEqual(['b']);
    chain.add([link('b', lock('m', 'a'))]);
    expect(chain.tell().reasons.map(({ code }) => code)).toEqual(['DEADLOCK', 'WAITING_LOCK']);
    expect(chain.tell(new Set(['b'])).reasons.map(({ code }) => code)).toEqual(['WAITING_LOCK']);
  });

  it('every answer is finite and tells no run twice, whoever waits for whom', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const waits = fc.array(fc.oneof(fc.constantFrom(...names).map(child), fc.constant(signal)), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.tuple(...names.map(() => waits)), (reasons) => {
        const [root, ...others] = names.map((name, at) => link(name, ...(reasons[at] ?? [])));
        const told = tell(root as Link, ...others);
        const seen: string[] = [];
        const visit = (list: readonly Reason[]): void => {
          for (const cause of list.flatMap(({ causes = [] }) => causes)) {
            if (!cause.told) seen.push(cause.runId);
            visit(cause.reasons);
          }
        };
        visit(told.reasons);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.toSorted()).toEqual(told.asked.toSorted());
      }),
    );
  });
});
