import { expect, it } from 'vitest';
import { instant, instantOrNull } from './instant.ts';

it.each([
  0, 1, 17, 999, 1_000, 1_700_000_000_123, 1_700_000_000_007, 1_700_000_001_010, -1, -999, -1_000,
  253_402_300_800_123, 8.64e15, 1_700_000_000_000.5,
])('is that of a date: %d', (ms) => {
  expect(instant(ms)).toBe(new Date(ms).toISOString());
});

it('names the last instant that a date can name for those beyond it, and none for none', () => {
  expect(instant(9e15)).toBe('+275760-09-13T00:00:00.000Z');
  expect(instantOrNull(undefined)).toBeNull();
});
