import type { Mismatch, Wait } from '../run/command.ts';
import { requireReadable } from '../payload/unreadable.ts';
import type { ReadableRun } from './readable-run.ts';

const DECODER = new TextDecoder();

/**
 * For whom or what a suspended run waits. None where it only answers updates, or has not had its first turn.
 */
export function readWaits(run: ReadableRun): readonly Wait[] {
  return parse<Wait[]>(run.waits) ?? [];
}

/** What is known of a block; of a mismatch both sides. */
export interface Block extends Omit<Mismatch, 'code'> {
  readonly code: string;
  /** Of the key that opens what cannot be read. */
  readonly keyId?: string;
}

/** The particulars of a blocked run; undefined where the store blocked it and there is no more to say. */
export function readBlock(run: Pick<ReadableRun, 'waits'>): Block | undefined {
  return parse<Block>(run.waits);
}

/** Written by the engine only, with the run's own plan. */
function parse<T>(waits: Uint8Array | undefined): T | undefined {
  if (waits === undefined || waits.length === 0) return undefined;
  requireReadable(waits);
  return JSON.parse(DECODER.decode(waits)) as T;
}
