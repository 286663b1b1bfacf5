import { describe, expect, it } from 'vitest';
import { didYouMean } from './suggest.ts';

describe('didYouMean', () => {
  const words = ['retry', 'timeout', 'maxAttempts', 'executor', 'id'];

  it.each([
    ['retrys', 'retry'],
    ['tiemout', 'timeout'],
    ['timout', 'timeout'],
    ['maxattemps', 'maxAttempts'],
    ['EXECUTOR', 'executor'],
    ['rerty', 'retry'],
  ])('finds %s → %s', (seen, meant) => {
    expect(didYouMean(seen, words)).toBe(meant);
  });

  it.each(['colour', 'x', '', 'xy', 'a very long word that nobody meant'])('finds nothing for %j', (seen) => {
    expect(didYouMean(seen, words)).toBeUndefined();
  });

  it('does not replace a word wholly', () => {
    expect(didYouMean('x', ['y'])).toBeUndefined();
  });

  it('takes the nearest of several', () => {
    expect(didYouMean('nodes', ['node', 'nodes2', 'modes', 'notes'])).toBe('node');
    expect(didYouMean('retris', ['retry', 'retries'])).toBe('retries');
  });
});
