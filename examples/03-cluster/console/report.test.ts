import { describe, expect, it } from 'vitest';
import { agrees, report, type Outcome } from './report.ts';

const begun = ['a:0', 'a:1', 'a:2', 'b:0', 'b:1', 'b:2'];
const WELL: Outcome = {
  ...{ total: 2, pence: 501, failures: [], failover: undefined, begun },
  deliveries: [
    { number: 0, pence: 250, depots: ['north', 'north', 'north'] },
    { number: 1, pence: 251, depots: ['north', 'east', 'east'] },
  ],
};

describe('the totals', () => {
  it('agree when every parcel arrived once', () => {
    expect(agrees(WELL)).toBe(true);
    expect(report(WELL)).toContain('moved on the way   1,');
    expect(report(WELL)).toContain('All totals agree.');
  });

  it('agree when steps were begun again', () => {
    const again = { ...WELL, begun: [...begun, 'b:1'] };
    expect(agrees(again)).toBe(true);
    expect(report(again)).toContain('steps begun twice  1, which the dead engine had begun');
  });

  it.each<[string, Partial<Outcome>]>([
    ['a parcel is lost', { deliveries: WELL.deliveries.slice(1) }],
    ['a run failed', { failures: ['run x failed'] }],
    ['one arrived twice', { deliveries: [WELL.deliveries[0], WELL.deliveries[0]] as Outcome['deliveries'] }],
    ['a price changed', { pence: 500 }],
    ['a step was never begun', { begun: begun.slice(1) }],
  ])('differ when %s', (_, more) => {
    expect(agrees({ ...WELL, ...more })).toBe(false);
    expect(report({ ...WELL, ...more })).toContain('DIFFER');
  });
});
