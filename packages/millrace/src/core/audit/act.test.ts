import { describe, expect, it } from 'vitest';
import { describeAct, textsOf } from './act.ts';

const ACT = { actor: 'key:k1', action: 'cancelRun', outcome: 'done' } as const;

describe('an act', () => {
  it('is told with all that is known of it, and nothing of what is not', () => {
    const full = {
      ...ACT,
      ...{
        target: 'queues/mail',
        outcome: 'refused' as const,
        code: 'FORBIDDEN',
        remote: '::1',
        reason: 'rush',
      },
      ...{ requestId: 'r', before: { paused: false }, after: null },
    } as const;
    const stored = { id: 'id', at: 0, ...textsOf(full) };
    expect(stored).toMatchObject({ before: '{"paused":false}', after: 'null' });
    expect(describeAct(stored)).toEqual({ id: 'id', at: '1970-01-01T00:00:00.000Z', ...full });
    expect(describeAct({ id: 'id', at: 0, ...textsOf(ACT) })).toEqual({
      ...{ id: 'id', at: '1970-01-01T00:00:00.000Z', ...ACT, target: null, code: null, remote: null },
      ...{ reason: null, requestId: null, before: null, after: null },
    });
  });

  it('is cut to size, and a state that is not small is left out', () => {
    const long = 'x'.repeat(3_000);
    const texts = textsOf({ ...ACT, target: long, reason: long, before: { long }, after: 'short' });
    expect([texts.target?.length, texts.reason?.length]).toEqual([200, 500]);
    expect(texts.reason?.endsWith('x…')).toBe(true);
    expect([texts.before, texts.after]).toEqual([undefined, '"short"']);
  });

  it('has only text that every store gives back as it is', () => {
    const { actor, reason } = textsOf({ ...ACT, actor: 'a\0b', reason: 'half \ud83d' });
    expect([actor, reason]).toEqual(['ab', 'half \ufffd']);
    const { reason: halved } = textsOf({ ...ACT, reason: `${'x'.repeat(498)}😀😀` });
    expect(halved?.isWellFormed()).toBe(true);
  });
});
