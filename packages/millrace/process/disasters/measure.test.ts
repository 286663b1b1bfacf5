import { describe, expect, it } from 'vitest';
import { madeUp, type Deed } from '../judge/made-up.ts';
import { resumedAfter } from './measure.ts';

const VICTIM = 7;
const STRUCK_AT = 100;

function after(...deeds: Deed[]) {
  return resumedAfter(madeUp(deeds).entries, VICTIM, STRUCK_AT);
}

/** The victim is in the middle of it. */
const CUT: Deed = { run: 'a', from: 90, pid: VICTIM };

describe('steps that a process was cut short in', () => {
  it('go on when another owner of the run begins them again', () => {
    expect(after(CUT, { run: 'a', from: 150, epoch: 2 })).toEqual({ resumedMs: [50], lost: [] });
  });

  it('go on too when the victim takes the run over, come back as new', () => {
    expect(after(CUT, { ...CUT, from: 150, epoch: 2 })).toEqual({ resumedMs: [50], lost: [] });
  });

  it('are lost when nobody begins them again, or only their old owner', () => {
    const lost = { resumedMs: [], lost: ['made-up a:work of epoch 1'] };
    expect(after(CUT)).toEqual(lost);
    expect(after(CUT, { ...CUT, from: 150, to: 160 })).toEqual(lost);
    expect(after(CUT, { run: 'a', step: 'next', from: 150, epoch: 2 })).toEqual(lost);
  });

  it('are cut short too when they end as a zombie', () => {
    expect(after({ ...CUT, to: 120 }).lost).toHaveLength(1);
  });

  it('are not those that had ended, that began later, or that others are in', () => {
    const nothing = { resumedMs: [], lost: [] };
    expect(after({ ...CUT, to: 95 })).toEqual(nothing);
    expect(after({ ...CUT, from: 101 })).toEqual(nothing);
    expect(after({ ...CUT, pid: 8 })).toEqual(nothing);
  });

  it('are no transactions: these carry no token by which another owner could be told', () => {
    expect(after({ ...CUT, epoch: 0 }, { run: 'a', from: 150, epoch: 0 })).toEqual({
      resumedMs: [],
      lost: [],
    });
  });
});
