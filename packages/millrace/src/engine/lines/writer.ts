import { encodeLine, isAtLeast, type Line } from '../../core/lines/line.ts';
import { StoreError } from '../../store/port/errors.ts';
import { MAX_LINES, type AppendedLine, type LineStore } from '../../store/port/runs/lines.ts';
import { startLoop } from '../loop.ts';
import type { EngineOptions } from '../options.ts';
import type { Ports } from '../ports.ts';

/** Writes what runs say into their logs, where people find it. */
export interface LineWriter {
  /** Nobody waits for it: a run is not slower for what it says. */
  keep(runId: string, line: Omit<Line, 'engine'>): void;
  /** Writes what is left, if the store takes it now. */
  stop(): Promise<void>;
}

export interface LineWriterParts {
  readonly store: Pick<LineStore, 'appendLines'>;
  readonly ports: Ports;
  readonly options: Pick<EngineOptions, 'name' | 'runLogLevel'>;
  storeTime(): number;
}

/** Lines leave in batches, so many ms after the first of them: a log costs a few small writes a second. */
const GATHER_MS = 50;
const ERROR_PAUSE_MS = 500;
/** In memory, while the store does not take any. */
const MOST_KEPT = 20_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** Lines on their way, under the number by which the store knows them again. */
interface Batch {
  readonly number: number;
  readonly lines: readonly AppendedLine[];
}

/**
 *   W1  Lines are written in the order in which they were said here.
 *   W2  A batch is sent as it is until its answer is definite: one whose answer was lost is there once where no other engine
 *       has written to the same log meanwhile.
 *   W3  What cannot be kept is counted, and said in this process's own log, which has every line.
 */
export function createLineWriter({ store, ports, options, storeTime }: LineWriterParts): LineWriter {
  const { name, runLogLevel: level } = options;
  let kept: AppendedLine[] = [];
  let bytes = 0;
  let lost = 0;
  let sending: Batch | undefined;

  const nextBatch = (): Batch => {
    const lines = kept.slice(0, MAX_LINES);
    kept = kept.slice(lines.length);
    return { number: Math.floor(ports.random() * Number.MAX_SAFE_INTEGER), lines };
  };
  const send = async ({ number, lines }: Batch): Promise<void> => {
    try {
      await store.appendLines(number, lines);
    } catch (error) {
      const isOver = error instanceof StoreError && error.failure === 'definite' && !error.retryable;
      if (!isOver) throw error;
      lose(lines.length, error.message);
    }
    for (const { body } of lines) bytes -= body.byteLength;
    sending = undefined;
  };
  const sendAll = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other keeps their order
    while (sending !== undefined || kept.length > 0) await send((sending ??= nextBatch()));
  };
  const lose = (lines: number, why: string): void => {
    const message = `${lines} log lines of runs were not stored: ${why}`;
    ports.log({ source: 'engine', level: 'warn', message, fields: { lines } });
  };
  const tellLost = (): void => {
    if (lost > 0) lose(lost, 'there were too many for the store');
    lost = 0;
  };

  const loop = startLoop(
    ports,
    'logs of runs',
    async () => {
      await sendAll();
      tellLost();
      return Number.POSITIVE_INFINITY;
    },
    ERROR_PAUSE_MS,
  );

  return {
    keep(runId, line) {
      if (level === 'off' || !isAtLeast(line.level, level)) return;
      if (kept.length >= MOST_KEPT || bytes >= MOST_BYTES) {
        lost++;
        return;
      }
      const body = encodeLine({ ...line, engine: name });
      kept.push({ runId, at: Math.floor(storeTime()), body });
      bytes += body.byteLength;
      loop.within(GATHER_MS);
    },
    async stop() {
      await loop.stop();
      try {
        await sendAll();
      } catch (error) {
        lost += (sending?.lines.length ?? 0) + kept.length;
        if (lost > 0) lose(lost, error instanceof Error ? error.message : String(error));
        return;
      }
      tellLost();
    },
  };
}
