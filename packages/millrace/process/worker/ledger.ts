import { randomUUID } from 'node:crypto';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import type { RunLock, StepContext } from '../../src/index.ts';
import { monotonicMs } from '../rig/monotonic.ts';
import type { Fact } from './entry.ts';

/**
 * What a process did, told past the system under test: lines of JSON in a file of its own, each written before the
 * process goes on.
 */
export interface Ledger {
  write(fact: Fact): void;
  /** Writes that an attempt begins; returns its nonce. */
  begin(
    workflow: string,
    step: Pick<StepContext, 'runId' | 'name' | 'attempt'> & Partial<StepContext>,
    lock?: RunLock,
  ): string;
  end(nonce: string, ok: boolean): void;
}

/** `sync`: it survives the machine too. Off, it survives its process, and thousands of lines cost nothing. */
export function openLedger(path: string, engine: string, sync = true): Ledger {
  const file = openSync(path, 'a');
  const write = (fact: Fact): void => {
    const at = monotonicMs();
    writeSync(file, `${JSON.stringify({ at, engine, pid: process.pid, ...fact })}\n`);
    if (sync && fact.kind !== 'log') fsyncSync(file);
  };
  return {
    write,
    begin(workflow, { runId, name, attempt, idempotencyKey, fencingToken }, held) {
      const nonce = randomUUID();
      const { epoch, value: fence } = fencingToken ?? { epoch: 0, value: 0 };
      const key = idempotencyKey ?? `${runId}:${name}`;
      const lock = held && { name: held.name, token: held.token };
      write({ kind: 'begin', runId, workflow, step: name, key, attempt, epoch, fence, nonce, lock });
      return nonce;
    },
    end: (nonce, ok) => write({ kind: 'end', nonce, ok }),
  };
}
