import { describe, expect, it } from 'vitest';
import { isTraceparent } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe('a trace context', () => {
  it.each([
    [`00-${TRACE}-${PARENT}-01`, true],
    [`00-${TRACE}-${PARENT}-00`, true],
    [`ff-${TRACE}-${PARENT}-01`, false],
    [`00-${'0'.repeat(32)}-${PARENT}-01`, false],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, false],
    [`00-${TRACE.toUpperCase()}-${PARENT}-01`, false],
    [`00-${TRACE}-${PARENT}-01\r\nx: y`, false],
    ['', false],
  ])('%j is one: %s', (text, isOne) => {
    expect(isTraceparent(text)).toBe(isOne);
  });
});
