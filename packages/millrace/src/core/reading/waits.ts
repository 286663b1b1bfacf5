import type { Mismatch, Wait } from '../run/command.ts';
import type { ReadableRun } from './readable-run.ts';

const DECODER = new TextDecoder();

/**
 * For whom or what a suspended run waits. None where it only answers updates, or has not had its first turn.
 */
export function readWaits(run: ReadableRun): readonly Wait[] {
  return parse<Wait[]>(run.waits) ?? [];
}

/** The particulars of a blocked run; undefined where the store blocked it and there is no more to say. */
export function readBlock(run: ReadableRun): Mismatch | undefined {
  return parse<Mismatch>(run.waits);
}

/** Written by the engine only, with the run's own plan. */
function parse<T>(waits: Uint8Array | undefined): T | undefined {
  return waits === undefined || waits.length === 0 ? undefined : (JSON.parse(DECODER.decode(waits)) as T);
}
