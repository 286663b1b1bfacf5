import { isMillraceError, TerminalError } from '../../core/errors.ts';
import type { Context, Executor, StepContext, SyncTransactionHandle } from '../../core/workflow/context.ts';
import { workflow, type Workflow } from '../../core/workflow/workflow.ts';
import { playFlow } from './flow.ts';
import { TIMEOUT_MS } from './grammar.ts';
import { LABEL, type Op, type ProgramInput, type StepOp } from './program.ts';

/** What steps leave behind outside the system under test. */
export interface World {
  /**
   * An attempt of a step begins in this process. Its result names the attempt, so that what is recorded can be traced
   * back. Resolves after the step's own time.
   */
  attempt(step: StepContext, slowMs: number): Promise<string> | string;
  /** An attempt begins that only an engine with this label may make. */
  demand(label: string): void;
  /** A token to complete something has left the run. */
  token(story: number, id: string, token: string): void;
}

/** What a step's recorded value looks like. */
export interface StepValue {
  nonce: string;
}

export const LEDGER_TABLE = 'sim_ledger';

export interface Player {
  workflow: Workflow<ProgramInput, string[]>;
  executors: Readonly<Record<string, Executor>>;
}

/** The one workflow of simulations: it plays the program that is its input. Made for each process anew. */
export function createPlayer(world: World): Player {
  const act = async (op: StepOp, step: StepContext): Promise<StepValue> => {
    const nonce = await world.attempt(step, op.slowMs);
    return finish(op, step, nonce);
  };
  /** A step without any waiting: its outcome is there when the call returns. */
  const actNow = (op: StepOp, step: StepContext): StepValue | Promise<StepValue> => {
    const nonce = world.attempt(step, op.slowMs);
    return typeof nonce === 'string'
      ? finish(op, step, nonce)
      : nonce.then((value) => finish(op, step, value));
  };
  const executors: Record<string, Executor> = {
    work: (op: StepOp, step: StepContext) => {
      if (op.picky) world.demand(LABEL);
      return act(op, step);
    },
  };
  const play = createPlay(world, (op, step) =>
    op.slowMs < 0 && !op.checkpoint ? actNow(op, step) : act(op, step),
  );
  const program: Player['workflow'] = workflow(
    'simulated',
    async (ctx, input: ProgramInput): Promise<string[]> => {
      if (input.updates) ctx.onUpdate<number, number>('increment', (value) => value + 1);
      return play({ ctx, input, self: program }, input.body);
    },
  );
  return { workflow: program, executors };
}

function finish(op: StepOp, step: StepContext, nonce: string): StepValue | Promise<StepValue> {
  if (op.terminal) throw new TerminalError(`${op.id} is hopeless`);
  if (step.attempt <= op.fails) throw new Error(`${op.id} fails at attempt ${step.attempt}`);
  return op.checkpoint ? step.checkpoint({ nonce }).then(() => ({ nonce })) : { nonce };
}

interface Run {
  ctx: Context;
  input: ProgramInput;
  self: Workflow<ProgramInput, string[]>;
}

type Act = (op: StepOp, step: StepContext) => StepValue | Promise<StepValue>;
type Play = (run: Run, body: readonly Op[]) => Promise<string[]>;

function createPlay(world: World, act: Act): Play {
  const play: Play = async (run, body) => {
    const tokens: string[] = [];
    for (const op of body) {
      if (op.op === 'again') {
        const carried = [...run.input.carried, ...tokens];
        // oxlint-disable-next-line no-await-in-loop -- a program is a sequence
        await run.ctx.continueAsNew({ ...run.input, body: op.body, carried });
      }
      // oxlint-disable-next-line no-await-in-loop -- a program is a sequence
      tokens.push(...(await playOp(run, op, { world, act, play })));
    }
    return run.input.body === body ? [...run.input.carried, ...tokens] : tokens;
  };
  return play;
}

interface Stage {
  world: World;
  act: Act;
  play: Play;
}

async function playOp({ ctx, input, self }: Run, op: Op, { world, act, play }: Stage): Promise<string[]> {
  switch (op.op) {
    case 'step':
      return settled(`ok ${op.id}`, `failed ${op.id}`, op.caught, runStep(ctx, op, act));
    case 'sleep':
      await ctx.sleep(op.ms);
      return [];
    case 'signal': {
      if (op.timeoutMs === undefined)
        return [`signal ${op.name} ${await ctx.waitForSignal<number>(op.name)}`];
      const wait = ctx.waitForSignal<number>(op.name, { timeout: op.timeoutMs });
      return settled(`signal ${op.name}`, `late ${op.name}`, true, wait);
    }
    case 'child': {
      const options = op.keyed ? { key: op.id } : {};
      const childInput = { story: input.story, body: op.body, updates: false, carried: [] };
      if (op.detached) {
        await ctx.detach(self, childInput, options);
        return [`detached ${op.id}`];
      }
      const result = ctx.child(self, childInput, options);
      return settled(
        (tokens) => `child ${op.id} [${tokens.join(',')}]`,
        `failed ${op.id}`,
        op.caught,
        result,
      );
    }
    case 'all':
      return (await ctx.all(op.branches.map((branch) => play({ ctx, input, self }, branch)))).flat();
    case 'race':
      return ctx.race(op.branches.map((branch) => play({ ctx, input, self }, branch)));
    case 'any':
      return ctx.any(op.branches.map((branch) => play({ ctx, input, self }, branch)));
    case 'publish':
      ctx.publish(op.key, op.value);
      return [];
    case 'patch':
      // Which of the two it is may depend on a crash; that it stays what it was, the replay shows.
      ctx.patch(op.id);
      return [];
    case 'record':
      ctx[op.what]();
      return [];
    case 'external': {
      const options = op.timeoutMs === undefined ? undefined : { timeout: op.timeoutMs };
      const { token, result } = ctx.external(op.id, options);
      await ctx.step(`tell-${op.id}`, async (step) => {
        const nonce = await world.attempt(step, 0);
        world.token(input.story, op.id, token);
        return { nonce };
      });
      return settled(`external ${op.id}`, `refused ${op.id}`, true, result);
    }
    case 'transaction':
      await ctx.transaction<null, SyncTransactionHandle>(op.id, (tx) => writeLedger(tx, ctx.runId, op.id));
      return [`tx ${op.id}`];
    case 'compensate':
      ctx.compensate(op.id, async (step) => ({ nonce: await world.attempt(step, 0) }));
      return [];
    case 'flow':
      await playFlow(ctx, op);
      return [`flow ${op.id}`];
    case 'lock':
      return playLocked(ctx, op, () => play({ ctx, input, self }, op.body));
    case 'again':
      return [];
  }
}

/** A program that fails while it holds the lock leaves it to its end. */
async function playLocked(
  ctx: Context,
  { name, holdMs, waitMs }: Extract<Op, { op: 'lock' }>,
  play: () => Promise<string[]>,
): Promise<string[]> {
  const asked = ctx.lock(name, { timeout: holdMs, waitFor: waitMs });
  const lock = await asked.catch((error: unknown) => {
    if (isMillraceError(error, 'LOCK_TIMEOUT')) return undefined;
    throw error;
  });
  if (lock === undefined) return [`late ${name}`];
  const tokens = await play();
  await lock.release();
  return tokens;
}

function runStep(ctx: Context, op: StepOp, act: Act): Promise<StepValue> {
  const retry = { maxAttempts: op.attempts, initial: op.pauseMs, max: 60_000 };
  const options = { retry, timeout: op.tooSlow ? TIMEOUT_MS : undefined };
  if (op.call) {
    return ctx.call<StepValue>('work', op, { ...options, requires: op.picky ? [LABEL] : undefined });
  }
  return ctx.step(op.id, (step) => act(op, step), options);
}

/** Cancel and deadline pass through; every other failure is one that the program expects, if it is `caught`. */
async function settled<T>(
  ok: string | ((value: T) => string),
  failed: string,
  caught: boolean,
  promise: Promise<T>,
): Promise<string[]> {
  try {
    const value = await promise;
    return [typeof ok === 'string' ? ok : ok(value)];
  } catch (error) {
    if (!caught || isMillraceError(error, 'CANCELLED') || isMillraceError(error, 'RUN_TIMED_OUT'))
      throw error;
    return [failed];
  }
}

function writeLedger(tx: SyncTransactionHandle, runId: string, id: string): null {
  tx.run(`CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (run_id TEXT NOT NULL, id TEXT NOT NULL)`);
  tx.run(`INSERT INTO ${LEDGER_TABLE} (run_id, id) VALUES (?, ?)`, runId, id);
  return null;
}
