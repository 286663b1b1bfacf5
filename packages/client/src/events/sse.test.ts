import { describe, expect, it } from 'vitest';
import { createSseParser } from './sse.ts';

describe('a stream of events', () => {
  it('may be cut anywhere', () => {
    const text =
      '\uFEFF: hello\r\nid: 1\r\nevent: run\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata\n\nid: 2\rdata: x\r\r';
    const whole = createSseParser().push(`${text}\n`);
    expect(whole).toEqual([
      { id: '1', event: 'run', data: '{"a":\n1}' },
      { id: '1', event: 'message', data: '' },
      { id: '2', event: 'message', data: 'x' },
    ]);
    for (let at = 0; at <= text.length; at++) {
      const parser = createSseParser();
      expect([...parser.push(text.slice(0, at)), ...parser.push(`${text.slice(at)}\n`)]).toEqual(whole);
    }
    const parser = createSseParser();
    expect(`${text}\n`.split('').flatMap((char) => parser.push(char))).toEqual(whole);
  });

  it('gives nothing before an event is whole', () => {
    const parser = createSseParser();
    expect(parser.push('id: 1\ndata: x\n')).toEqual([]);
    expect(parser.push('\n')).toHaveLength(1);
  });

  it('says after how long to come back, and forgets what it must not believe', () => {
    const parser = createSseParser();
    expect(parser.push('retry: 3000\nretry: soon\nid: a\0b\ndata:x\n\n')).toEqual([
      { id: '', event: 'message', data: 'x' },
    ]);
    expect(parser.retryMs).toBe(3000);
  });
});
