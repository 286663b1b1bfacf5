import { describe, expect, it } from 'vitest';
import { open, until } from '../../testbed/engines/engines.ts';
import { workflow, type EngineLog } from '../index.ts';
import { nodePorts } from '../ports/node-ports.ts';
import { StoreError } from '../store/port/errors.ts';
import type { Store } from '../store/port/store.ts';
import { openSqlite } from '../store/sqlite/open-sqlite.ts';
import { createOutage, type Outage } from './outage.ts';

const away = new StoreError('congestion', 'nobody listens');

describe('an outage', () => {
  /** An outage on a clock that the test moves. */
  function watched(): { outage: Outage; lines: string[]; pass(ms: number): void } {
    let now = 0;
    const lines: string[] = [];
    const log = ({ level, message }: EngineLog): void => void lines.push(`${level} ${message}`);
    const outage = createOutage({ clock: { wall: () => now, mono: () => now }, log });
    return { outage, lines, pass: (ms) => void (now += ms) };
  }

  it('is one line when it begins, one every ten seconds, and one when it is over', () => {
    const { outage, lines, pass } = watched();
    for (let failed = 0; failed < 250; failed++) {
      outage.failed(away);
      pass(100);
    }
    for (let answered = 0; answered < 70; answered++) {
      outage.answered();
      pass(100);
    }
    expect(lines).toEqual([
      'warn calls to the store fail: nobody listens; trying again until they succeed',
      'warn calls to the store have failed for 10.0 s (101 calls): nobody listens',
      'warn calls to the store have failed for 20.0 s (201 calls): nobody listens',
      'info calls to the store succeed again after 25.0 s (250 calls failed)',
    ]);
  });

  it('in which some calls succeed is one outage, and known while it lasts', () => {
    const { outage, lines, pass } = watched();
    for (let round = 0; round < 9; round++) {
      outage.failed(away);
      pass(500);
      outage.answered();
      pass(500);
    }
    expect(lines).toHaveLength(1);
    expect(outage.current()).toEqual({ message: 'nobody listens', forMs: 9_000 });
    pass(6_000);
    outage.answered();
    expect(lines).toHaveLength(2);
    expect(outage.current()).toBeUndefined();
  });

  it('that follows another is told anew', () => {
    const { outage, lines, pass } = watched();
    for (let round = 0; round < 2; round++) {
      outage.failed(away);
      pass(7_000);
      outage.answered();
    }
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });
});

/** A switch that makes the calls of a store fail. */
interface Breaks {
  with: StoreError | undefined;
  spares: string[];
  calls: number;
}

describe('an engine whose store is away', () => {
  /** The store in memory, and a switch that makes every call of it fail. */
  async function breakable(): Promise<{ store: Store; breaks: Breaks }> {
    const real = await openSqlite({ path: ':memory:' });
    const breaks: Breaks = { with: undefined, spares: [], calls: 0 };
    const store = new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'close') return value;
        return async (...given: unknown[]) => {
          if (breaks.with === undefined || breaks.spares.includes(String(name)))
            return Reflect.apply(value, target, given) as unknown;
          breaks.calls++;
          throw breaks.with;
        };
      },
    });
    return { store, breaks };
  }

  it.each([
    ['not there', away],
    ['refusing connections', new StoreError('definite', 'the database does not exist')],
  ])('(%s) says so once, however many of its calls fail, and goes on afterwards', async (_, error) => {
    const lines: EngineLog[] = [];
    const { store, breaks } = await breakable();
    const hello = workflow('hello', (ctx, _input: null) => ctx.step('greet', () => 'hello'));
    const ports = nodePorts((line) => line.level !== 'debug' && lines.push(line));
    const millrace = await open({ store, workflows: [hello], ports, beat: 100, idlePoll: 20 });
    breaks.with = error;
    const early = millrace.start(hello, null).catch(({ code }: { code: string }) => code);
    await expect.poll(() => breaks.calls, { timeout: 10_000 }).toBeGreaterThan(12);
    breaks.with = undefined;
    const started = await early;
    const run = typeof started === 'string' ? await millrace.start(hello, null) : started;
    expect(await run.result()).toBe('hello');
    expect(lines.filter(({ source }) => source === 'engine').map(({ message }) => message)).toEqual([
      expect.stringContaining(`calls to the store fail: ${error.message}`),
    ]);
    await millrace.close({ grace: 0 });
    await store.close();
  });

  it('tells it as the reason why, where a run can still be read', async () => {
    const { store, breaks } = await breakable();
    const wait = workflow('wait', (ctx, _: null) => ctx.waitForSignal('go'));
    const millrace = await open({ store, workflows: [wait], beat: 50 });
    const run = await millrace.start(wait, null);
    await until(run, 'waiting');
    expect((await run.why()).reasons).toMatchObject([{ code: 'WAITING_SIGNAL' }]);
    Object.assign(breaks, { with: away, spares: ['readRuns', 'readHistory', 'listEngines'] });
    await expect.poll(() => breaks.calls).toBeGreaterThan(0);
    expect((await run.why()).reasons).toMatchObject([
      { code: 'STORE_UNREACHABLE', message: 'calls to the store fail: nobody listens' },
      { code: 'WAITING_SIGNAL' },
    ]);
    breaks.with = undefined;
    await millrace.close({ grace: 0 });
    await store.close();
  });

  it('is waited out by who starts a run by name and has not heard of versions yet', async () => {
    const { store, breaks } = await breakable();
    const hello = workflow('hello', () => 'hello');
    const engine = await open({ store, workflows: [hello] });
    const client = await open({ store, work: false });
    Object.assign(breaks, { with: away, spares: ['listEngines', 'startRuns'] });
    const before = breaks.calls;
    const started = client.start({ name: 'hello', version: '1' }, null);
    await expect.poll(() => breaks.calls - before).toBeGreaterThan(2);
    breaks.with = undefined;
    expect(await (await started).result()).toBe('hello');
    await client.close();
    await engine.close({ grace: 0 });
    await store.close();
  });
});
