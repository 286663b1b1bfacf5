import { describe, expect, it } from 'vitest';
import { carriesAll, demandingVersion, demandsOf, NOTHING, splitVersion, traitsOf } from './demands.ts';

describe('what a run demands of its engine', () => {
  it('stands in its version, the same whatever the order it was asked for in', () => {
    const demanding = demandingVersion('1', { labels: ['ssd', 'gpu', 'ssd'], region: 'eu' });
    expect(demanding).toBe('1+gpu+region=eu+ssd');
    expect(splitVersion(demanding)).toEqual({ version: '1', demands: ['gpu', 'region=eu', 'ssd'] });
  });

  it('leaves a version alone that demands nothing', () => {
    expect(demandingVersion('1', { labels: [], region: undefined })).toBe('1');
    expect(splitVersion('1')).toEqual({ version: '1', demands: [] });
  });

  it('is carried by an engine that has all of it', () => {
    const traits = traitsOf({ labels: ['gpu'], region: 'eu' });
    expect([[], ['gpu'], ['region=eu', 'gpu']].map((demands) => carriesAll(traits, demands))).toEqual([
      true,
      true,
      true,
    ]);
    expect([['ssd'], ['gpu', 'ssd'], ['region=us']].map((demands) => carriesAll(traits, demands))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('cannot contain the mark between them', () => {
    expect(demandsOf({ requires: ['zone=eu-1'] }, 'start').labels).toEqual(['zone=eu-1']);
    expect(() => demandsOf({ requires: ['c++'] }, 'start')).toThrow(/label "c\+\+" contains "\+"/);
    expect(() => demandsOf({ region: 'a+b' }, 'start')).toThrow(/region "a\+b" contains "\+"/);
    expect(() => demandsOf({ requires: [''] }, 'start')).toThrow(/label name is empty/);
  });

  it('is nothing unless it is asked for', () => {
    expect(demandsOf({}, 'start')).toEqual(NOTHING);
    expect(demandsOf({ requires: [] }, 'start')).toEqual(NOTHING);
    expect(demandsOf({ region: 'eu' }, 'start')).toEqual({ labels: [], region: 'eu' });
  });

  it('is bounded', () => {
    const labels = (count: number, chars: number) =>
      Array.from({ length: count }, (_, at) => String(at).padStart(chars, 'x'));
    expect(demandsOf({ requires: labels(16, 31) }, 'start').labels).toHaveLength(16);
    expect(() => demandsOf({ requires: labels(17, 2) }, 'start')).toThrow(/start requires 17 labels/);
    expect(() => demandsOf({ requires: labels(16, 32) }, 'start')).toThrow(/527 characters together/);
  });
});
