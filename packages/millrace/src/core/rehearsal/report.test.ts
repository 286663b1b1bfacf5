import { describe, expect, it } from 'vitest';
import { PreflightTally, type Rehearsed, type Verdict } from './report.ts';

const RUN: Rehearsed = { runId: 'r1', key: 'k1', workflow: 'order', version: '1', status: 'waiting' };
const BREAKS: Verdict = {
  ...{ outcome: 'breaks', code: 'NON_DETERMINISTIC', at: 'step "a" (command 0)', message: 'differs' },
  ...{ expected: 'step "a" (command 0)', actual: 'step "b" (command 0)', seq: 1 },
};

describe('a report of preflight', () => {
  it('counts by workflow and version, in order, and leaves out what has ended meanwhile', () => {
    const tally = new PreflightTally(10);
    tally.add({ ...RUN, version: '10' }, '10', { outcome: 'agrees' });
    tally.addStranded({ ...RUN, version: '2' });
    tally.add({ ...RUN, workflow: 'bill' }, '1', { outcome: 'agrees' });
    tally.add(RUN, '1', BREAKS);
    tally.add(RUN, '1', { outcome: 'agrees' });
    tally.add({ ...RUN, version: '3' }, '3', { outcome: 'ended' });
    const report = tally.report();
    expect(report).toMatchObject({ ok: false, runs: 5, agreeing: 3, breaking: 1, stranded: 1 });
    expect(report.versions.map(({ workflow, version, against }) => [workflow, version, against])).toEqual([
      ['bill', '1', '1'],
      ['order', '1', '1'],
      ['order', '2', null],
      ['order', '10', '10'],
    ]);
  });

  it('tells runs that break one by one, to a limit', () => {
    const tally = new PreflightTally(2);
    tally.add(RUN, '1', BREAKS);
    tally.add({ ...RUN, key: undefined }, '1', { ...BREAKS, seq: undefined, code: 'RUN_FAILED' });
    tally.add(RUN, '1', BREAKS);
    expect(tally.report()).toMatchObject({
      breaking: 3,
      breaks: [
        { key: 'k1', seq: 1 },
        { key: null, seq: null },
      ],
    });
  });

  it('shows ways out where runs break, with what would be written or typed', () => {
    const tally = new PreflightTally(1);
    expect(tally.report().choices).toEqual([]);
    tally.addStranded({ ...RUN, version: '2' });
    expect(tally.report().choices.map(({ command }) => command)).toEqual([
      'millrace runs --workflow order --status queued,running,waiting,paused,blocked',
      'millrace preflight … --as order@VERSION',
    ]);
    tally.add(RUN, '1', BREAKS);
    expect(tally.report().choices.map(({ choice, command }) => [choice, command])).toEqual([
      ['pin', "workflow('order', { version: '2' }, …)"],
      ['patch', "if (ctx.patch('order-2')) { /* as it is now */ } else { /* as it was */ }"],
      ['migrate', 'millrace cancel r1'],
    ]);
    const named = new PreflightTally(1);
    named.add(RUN, 'blue', BREAKS);
    expect(named.report().choices[0]?.command).toBe("workflow('order', { version: 'blue-next' }, …)");
  });
});
