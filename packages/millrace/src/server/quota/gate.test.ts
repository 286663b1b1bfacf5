import { describe, expect, it } from 'vitest';
import { readQuota } from '../../core/configuration/quotas.ts';
import { createGate, type Gate, type GateParts, type Visit, type Wish } from './gate.ts';

const LIMITS = { maxRequests: 20, maxNamespaceRequests: 4 };
/** Of one namespace: four are worked on, twelve wait. */
const MOST_INSIDE = 16;

describe('the gate', () => {
  it('works on some requests of a namespace at once, lets others wait, and takes those of others beside them', async () => {
    const gate = gateOf();
    const inside: Visit[] = [];
    for (let n = 0; n < MOST_INSIDE; n++)
      void entered(gate, { namespace: 'acme' }).then((visit) => inside.push(visit));
    const refused = await entered(gate, { namespace: 'acme' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'TOO_MANY_REQUESTS', details: { retryAfterMs: 1_000 } });
    expect(inside).toHaveLength(4);
    await entered(gate, { namespace: 'globex' });
    for (let n = 0; n < MOST_INSIDE; n++) {
      await expect.poll(() => inside.length).toBeGreaterThan(0);
      inside.pop()?.leave();
    }
  });

  it('takes as many requests as the server may have, whoever sends them', async () => {
    const gate = gateOf();
    const visits = Array.from({ length: 20 }, () => gate.arrive());
    expect(() => gate.arrive()).toThrow(expect.objectContaining({ code: 'SERVER_BUSY' }));
    visits[0]?.leave();
    visits[0]?.leave();
    gate.arrive();
    expect(() => gate.arrive()).toThrow(expect.objectContaining({ code: 'SERVER_BUSY' }));
  });

  it('lets refusals for sending too much come late, and holds nothing meanwhile', async () => {
    const late = Promise.withResolvers<void>();
    const gate = gateOf({ dampen: () => late.promise });
    fill(gate, 'acme');
    let refused = 0;
    const refusals = Array.from({ length: 100 }, () =>
      entered(gate, { namespace: 'acme' }).catch(() => void refused++),
    );
    for (let n = 0; n < 4; n++) gate.arrive();
    expect(() => gate.arrive(), 'there was room for four').toThrow(/on their way/);
    expect(refused).toBe(0);
    late.resolve();
    await Promise.all(refusals);
    expect(refused).toBe(100);
  });

  it('does not count a refused request among those on their way', async () => {
    const gate = gateOf();
    fill(gate, 'acme');
    for (let n = 0; n < 100; n++)
      await expect(entered(gate, { namespace: 'acme' })).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    for (let n = 0; n < 4; n++) gate.arrive();
  });

  it('counts requests that wait apart, up to a thousand of a namespace', async () => {
    const gate = gateOf();
    const waiting = { namespace: 'acme', waits: true };
    const visits: Visit[] = [];
    for (let n = 0; n < 1_000; n++) visits.push(await entered(gate, waiting));
    await expect(entered(gate, waiting)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    for (let n = 0; n < 4; n++) await entered(gate, { namespace: 'acme' });
    visits[0]?.leave();
    await entered(gate, waiting);
  });

  it('lets a body have what its namespace may send', async () => {
    const gate = gateOf({ payloadBytes: readQuota('acme=10, globex=9999') });
    const bytes = async (namespace: string) => gate.arrive().enter(wishOf({ namespace }));
    expect([await bytes('acme'), await bytes('globex'), await bytes('other')]).toEqual([10, 9_999, Infinity]);
  });
});

describe('the quota of starts in a second', () => {
  const quotas = { startsPerSecond: readQuota('acme=10') };
  const exceeded = { code: 'QUOTA_EXCEEDED', details: { quota: 'startsPerSecond', limit: 10 } };

  it('refuses what is more, says when to come again, and leaves other namespaces alone', async () => {
    let now = 0;
    const gate = gateOf({ ...quotas, mono: () => now });
    for (let n = 0; n < 10; n++) await started(gate, 'acme');
    await expect(started(gate, 'acme')).rejects.toMatchObject(exceeded);
    await expect(started(gate, 'acme')).rejects.toMatchObject({ details: { retryAfterMs: 100 } });
    await started(gate, 'globex');
    now = 100;
    await started(gate, 'acme');
    await expect(started(gate, 'acme')).rejects.toMatchObject(exceeded);
  });

  it('takes a large batch, and has it paid for before the next start', async () => {
    let now = 0;
    const gate = gateOf({ ...quotas, mono: () => now });
    await started(gate, 'acme', 60);
    now = 5_000;
    await expect(started(gate, 'acme')).rejects.toMatchObject(exceeded);
    now = 5_100;
    await started(gate, 'acme');
  });

  it('refuses before a body is read, and holds up nothing that starts no runs', async () => {
    const gate = gateOf({ ...quotas, mono: () => 0 });
    await started(gate, 'acme', 10);
    await expect(entered(gate, { namespace: 'acme', starts: true })).rejects.toMatchObject(exceeded);
    await entered(gate, { namespace: 'acme' });
  });
});

describe('the quota of open runs', () => {
  const exceeded = { code: 'QUOTA_EXCEEDED', details: { quota: 'openRuns', limit: 5 } };

  it('counts those that are there and those that were started since', async () => {
    let now = 0;
    let open = 3;
    let asked = 0;
    const countOpen = (_namespace: string, limit: number) => {
      asked++;
      return Promise.resolve(Math.min(limit, open));
    };
    const gate = gateOf({ openRuns: readQuota('5'), countOpen, mono: () => now });
    await started(gate, 'acme');
    await started(gate, 'acme');
    expect(asked).toBe(1);
    await expect(started(gate, 'acme')).rejects.toMatchObject(exceeded);
    await expect(started(gate, 'acme')).rejects.toMatchObject({ details: { retryAfterMs: 1_000 } });
    now = 250;
    open = 4;
    await expect(started(gate, 'acme', 2)).rejects.toMatchObject(exceeded);
    await started(gate, 'acme');
    await expect(started(gate, 'acme')).rejects.toMatchObject(exceeded);
  });

  it('is counted once for all who ask at the same time, and again after two seconds', async () => {
    let now = 0;
    let asked = 0;
    const countOpen = () => {
      asked++;
      return Promise.resolve(0);
    };
    const gate = gateOf({ openRuns: readQuota('5'), countOpen, mono: () => now });
    await Promise.all([1, 2, 3].map(() => started(gate, 'acme')));
    expect(asked).toBe(1);
    now = 1_999;
    await started(gate, 'acme');
    expect(asked).toBe(1);
    now = 2_000;
    await started(gate, 'acme');
    expect(asked).toBe(2);
  });

  it('is not counted again before twenty times as long has passed as counting took', async () => {
    let now = 0;
    let asked = 0;
    const countOpen = () => {
      asked++;
      now += 1_000;
      return Promise.resolve(0);
    };
    const gate = gateOf({ openRuns: readQuota('5'), countOpen, mono: () => now });
    await started(gate, 'acme');
    now = 19_999;
    await started(gate, 'acme');
    expect(asked).toBe(1);
    now = 20_000;
    await started(gate, 'acme');
    expect(asked).toBe(2);
  });

  it('is not asked for where there is none', async () => {
    const countOpen = () => Promise.reject(new Error('not asked'));
    const gate = gateOf({ openRuns: readQuota('globex=5'), countOpen });
    expect(await started(gate, 'acme')).toBeUndefined();
  });
});

/** As many as a namespace can have in the server. */
function fill(gate: Gate, namespace: string): void {
  for (let n = 0; n < MOST_INSIDE; n++) void entered(gate, { namespace });
}

function gateOf(more: Partial<GateParts> = {}): Gate {
  return createGate({ ...LIMITS, countOpen: () => Promise.resolve(0), ...more });
}

function wishOf(wish: Partial<Wish> & { namespace: string }): Wish {
  return { waits: false, starts: false, ...wish };
}

async function entered(gate: Gate, wish: Partial<Wish> & { namespace: string }): Promise<Visit> {
  const visit = gate.arrive();
  try {
    await visit.enter(wishOf(wish));
    return visit;
  } catch (error) {
    visit.leave();
    throw error;
  }
}

async function started(gate: Gate, namespace: string, runs = 1): Promise<void> {
  const visit = await entered(gate, { namespace, starts: true });
  try {
    await visit.start(runs);
  } finally {
    visit.leave();
  }
}
