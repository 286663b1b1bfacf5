import { describe, expect, it } from 'vitest';
import { fakeTerminal } from '../../../testbed/cli/fake-terminal.ts';
import { detailOf } from './history-line.ts';
import { logTo } from './log-line.ts';
import { span } from './run-words.ts';
import { safeLines, safeText, shorten } from './safe-text.ts';
import { table } from './table.ts';

describe('text of others', () => {
  it('cannot steer the terminal', () => {
    expect(safeText('a\u001b[31mb\nc\u202ed\u0000')).toBe('a\\u001b[31mb\\nc\\u202ed\\u0000');
    expect(safeLines('a\u0007\nb')).toBe('a\\u0007\nb');
  });
  it('is cut between characters', () => {
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('abcd', 3)).toBe('ab…');
    expect(shorten('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  });
});

describe('a table', () => {
  const shape = [
    { title: 'N', of: ({ n }: { n: number }) => String(n), align: 'right' as const },
    { title: 'TEXT', of: ({ text }: { text: string }) => text, shrinks: true as const },
    { title: 'END', of: () => 'x' },
  ];
  const rows = [
    { n: 1, text: 'short\nline' },
    { n: 100, text: 'a text that is longer than the terminal is wide' },
  ];
  const style = (_format: unknown, text: string): string => text;

  it('aligns its columns', () => {
    expect(table(shape, rows, { style, columns: undefined })).toEqual([
      '  N  TEXT                                             END',
      '  1  short\\nline                                      x',
      '100  a text that is longer than the terminal is wide  x',
    ]);
  });
  it('fits a narrow terminal, down to a point', () => {
    expect(table(shape, rows, { style, columns: 30 }).map((line) => line.length)).toEqual([30, 28, 28]);
    expect(table(shape, rows, { style, columns: 5 })[2]).toBe('100  a text that…  x');
    expect(table([{ title: 'A', of: () => 'long text' }], [{}], { style, columns: 3 })).toEqual([
      'A',
      'long text',
    ]);
  });
});

describe('words', () => {
  it('shorten spans to what matters', () => {
    expect([0, 250, 61_250, 90_061_000, -5].map(span)).toEqual(['0ms', '250ms', '1m 1s', '1d 1h', '0ms']);
  });
  it('say what an event is about', () => {
    const item = { seq: 1, at: '', engineId: 'e' };
    const error = { code: 'BUSY', message: 'try later' };
    const data = { error, retryAt: '2026-01-01T00:00:01.000Z' };
    expect(detailOf({ ...item, type: 'step-retrying', attempt: 2, data })).toBe(
      'attempt 2 · BUSY: try later · again at 2026-01-01T00:00:01.000Z',
    );
    expect(detailOf({ ...item, type: 'child-closed', data: { status: 'failed', runId: 'r' } })).toBe(
      'failed · r',
    );
    expect(detailOf({ ...item, type: 'patched' })).toBe('');
  });
});

describe('the log', () => {
  const entry = {
    source: 'engine',
    level: 'warn',
    message: 'gone\u0007',
    fields: { name: 'engine-1' },
  } as const;

  it('is text or JSON', () => {
    const { terminal, written } = fakeTerminal();
    logTo(terminal, { level: 'warn', format: 'text' })(entry);
    logTo(terminal, { level: 'warn', format: 'text' })({
      source: 'run',
      runId: 'r',
      workflow: 'order',
      level: 'error',
      message: 'm',
      fields: undefined,
    });
    logTo(terminal, { level: 'warn', format: 'json' })(entry);
    const [text, run, json = ''] = written().err.split('\n');
    expect(text).toBe('warn  engine: gone\\u0007 name="engine-1"');
    expect(run).toBe('error order: m');
    expect(JSON.parse(json)).toMatchObject(entry);
  });
  it('leaves out what matters less', () => {
    const { terminal, written } = fakeTerminal();
    logTo(terminal, { level: 'error', format: 'text' })(entry);
    expect(written().err).toBe('');
  });
});
