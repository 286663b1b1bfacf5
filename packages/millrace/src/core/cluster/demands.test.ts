import { describe, expect, it } from 'vitest';
import { checkDemand, carriesAll, demandingVersion, splitVersion, traitsOf } from './demands.ts';

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
    expect(() => checkDemand('label', 'zone=eu-1')).not.toThrow();
    expect(() => checkDemand('label', 'c++')).toThrow(/label "c\+\+" contains "\+"/);
    expect(() => checkDemand('label', '')).toThrow(/label name is empty/);
  });
});
