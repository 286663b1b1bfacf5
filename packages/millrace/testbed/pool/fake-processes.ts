import { decodeValue, encodeValue } from '../../src/core/json.ts';
import type { StepContext } from '../../src/core/workflow/context.ts';
import type { PoolPorts, ProcessEvents } from '../../src/pool/ports.ts';
import type { FromWorker, ToWorker, Usage } from '../../src/pool/protocol.ts';

/** A worker process that does what the test says. */
export interface FakeProcess {
  readonly pid: number;
  readonly heapMb: number;
  /** What it was told, pings aside. */
  readonly told: ToWorker[];
  /** Inputs of the jobs that it was given and has not ended. */
  readonly inputs: unknown[];
  answersPings: boolean;
  usage: Usage | undefined;
  isAlive: boolean;
  ready(): void;
  say(message: FromWorker): void;
  /** Ends the oldest job that it has. */
  finish(output?: unknown): void;
  die(exit?: { code?: number; signal?: string; stderr?: string }): void;
}

/** A pool's world in which time passes and processes act when the test says so. */
export interface FakeWorld {
  readonly ports: PoolPorts;
  readonly launched: FakeProcess[];
  readonly log: string[];
  /** Those that live. */
  alive(): FakeProcess[];
  /** How many timers wait. */
  timers(): number;
  /** Lets time pass, timer by timer; promises settle in between. */
  pass(ms: number): Promise<void>;
  /** Time passes while the pool's own process stands still: nothing of it runs, and then all at once. */
  standStill(ms: number): void;
}

export function fakeWorld({ startsReady = true } = {}): FakeWorld {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const launched: FakeProcess[] = [];
  const log: string[] = [];
  const ports: PoolPorts = {
    clock: { wall: () => now, mono: () => now },
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    log: (level, message) => void log.push(`${level} ${message}`),
    launch(heapMb, events) {
      const fake = fakeProcess(launched.length + 1, heapMb, events);
      launched.push(fake);
      if (startsReady) ports.after(1, () => fake.ready());
      return {
        pid: fake.pid,
        isConnected: () => fake.isAlive,
        send: (message) => fake.isAlive && receive(fake, message),
        kill: () => void ports.after(0, () => fake.die({ signal: 'SIGKILL' })),
      };
    },
    usage: (pid) => launched[pid - 1]?.usage,
  };
  return {
    ports,
    launched,
    log,
    alive: () => launched.filter(({ isAlive }) => isAlive),
    timers: () => timers.size,
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one moment after the other
        await new Promise(setImmediate);
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
    standStill: (ms) => void (now += ms),
  };
}

function fakeProcess(pid: number, heapMb: number, events: ProcessEvents): FakeProcess {
  const fake: FakeProcess = {
    ...{ pid, heapMb, told: [], inputs: [], answersPings: true, usage: undefined, isAlive: true },
    ready: () => fake.isAlive && events.message({ type: 'ready' }),
    say: (message) => fake.isAlive && events.message(message),
    finish(output) {
      const at = fake.told.findIndex(({ type }) => type === 'run');
      const [job] = fake.told.splice(at, 1);
      fake.inputs.shift();
      if (job?.type === 'run') fake.say({ type: 'done', id: job.id, output: encodeValue(output, 'test') });
    },
    die({ code, signal, stderr = '' } = {}) {
      if (!fake.isAlive) return;
      fake.isAlive = false;
      events.ended({ code: code ?? null, signal: signal ?? null, stderr });
    },
  };
  return fake;
}

/** Like a real worker it answers checks and pings at once, and leaves when it is told to. */
function receive(fake: FakeProcess, message: ToWorker): void {
  if (message.type === 'check') setImmediate(() => fake.say({ type: 'done', id: message.id, output: '' }));
  else if (message.type === 'leave') setImmediate(() => fake.die({ code: 0 }));
  else if (message.type !== 'ping') fake.told.push(message);
  else if (fake.answersPings) setImmediate(() => fake.say({ type: 'pong', usage: { cpuMs: 0, rssMb: 60 } }));
  if (message.type === 'run') fake.inputs.push(decodeValue(message.input));
}

/** A step's context that keeps what was said to it. */
export interface FakeStep extends StepContext {
  readonly said: string[];
  abort(reason: Error): void;
}

export function fakeStep(own: Partial<StepContext> = {}): FakeStep {
  const said: string[] = [];
  const controller = new AbortController();
  const line =
    (level: string) =>
    (message: string, fields?: object): void =>
      void said.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return {
    runId: 'run',
    name: 'resize',
    attempt: 1,
    idempotencyKey: 'run:1',
    fencingToken: { epoch: 1, attempt: 1, taker: 0, value: 1_000_001_000 },
    signal: controller.signal,
    heartbeat: () => void said.push('heartbeat'),
    checkpoint: async (value) => void said.push(`checkpoint ${JSON.stringify(value)}`),
    lastCheckpoint: undefined,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    ...own,
    said,
    abort: (reason) => controller.abort(reason),
  };
}
