import { MillraceError, show } from '../../core/errors.ts';
import type { Engine } from '../../engine/engine.ts';
import { LOOK } from '../../store/port/runs/pauses.ts';
import type { Store, Unpausable } from '../../store/port/store.ts';
import { notFound, type Desk, type RunName } from '../desk.ts';
import type { Patience } from '../store-failure.ts';

export interface PauseOptions {
  /** Shown by `why`. */
  reason?: string | undefined;
  /** Who pauses it, for people. Default: the name of this engine. */
  by?: string | undefined;
}

/** The ways in from outside by which runs stop and go on. Whoever executes the run is told. */
export interface Pausing {
  pause(runId: string, options: PauseOptions): Promise<'done' | Unpausable>;
  resume(runId: string): Promise<'done' | Unpausable>;
}

/**
 * @param engine - of this process, if it works: it hears of it without a hint.
 * @param hintReady - runs became claimable.
 */
export function createPausing(
  store: Store,
  engine: Engine | undefined,
  answered: Patience,
  hintReady: () => void,
): Pausing {
  const tell = (engineId: string | undefined, runId: string): void => {
    if (engineId === undefined) return;
    if (engine !== undefined) engine.hintLook(engineId, runId);
    else store.hints?.send({ kind: 'inbox', engineId, message: { runId, seq: LOOK } });
  };
  return {
    async pause(runId, { by, reason }) {
      const result = await answered(() => store.pauseRun({ runId, by, reason }));
      if (result.outcome !== 'paused') return result;
      tell(result.engineId, runId);
      return 'done';
    },
    async resume(runId) {
      const result = await answered(() => store.resumeRun(runId));
      if (result.outcome === 'run-closed' || result.outcome === 'not-found') return result;
      if (result.outcome === 'open') return 'done';
      // Also for its tasks, and for whoever looks after due times.
      hintReady();
      if (result.wakeAt !== undefined) engine?.waker.noteWakeAt(result.wakeAt);
      tell(result.ownerId, runId);
      return 'done';
    },
  };
}

/** A run that continued as another passes it on. */
export async function pauseRun(desk: Desk, ref: RunName, options: PauseOptions): Promise<void> {
  const by = textOf('by', options.by) ?? desk.engineName;
  const reason = textOf('reason', options.reason);
  await actOn(desk, ref, 'paused', (runId) => desk.pausing.pause(runId, { by, reason }));
}

export async function resumeRun(desk: Desk, ref: RunName): Promise<void> {
  await actOn(desk, ref, 'resumed', (runId) => desk.pausing.resume(runId));
}

async function actOn(
  desk: Desk,
  ref: RunName,
  done: string,
  act: (runId: string) => Promise<'done' | Unpausable>,
): Promise<void> {
  let { runId }: { runId: string } = await desk.readRun(ref);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a successor is known only then
    const result: 'done' | Unpausable = await act(runId);
    if (result === 'done') return;
    if (result.outcome === 'not-found') throw notFound({ runId });
    if (result.successor === undefined) {
      const { status } = result;
      throw new MillraceError('RUN_CLOSED', `run ${runId} is ${status} and cannot be ${done}`, {
        details: { runId, status },
      });
    }
    runId = result.successor;
  }
}

/** The most characters of what is written about a pause. */
const MAX_TEXT = 1_000;

function textOf(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const where = `pause, ${field}`;
  if (typeof value !== 'string') {
    throw new MillraceError('INVALID_ARGUMENT', `${where} is ${show(value)}`, { remedy: 'Give a text.' });
  }
  if (value.length > MAX_TEXT || !value.isWellFormed() || value.includes('\0')) {
    const remedy = `Give at most ${MAX_TEXT} characters, without NUL and lone surrogates.`;
    throw new MillraceError('INVALID_ARGUMENT', `${where} cannot be kept (${value.length} characters)`, {
      remedy,
    });
  }
  return value;
}
