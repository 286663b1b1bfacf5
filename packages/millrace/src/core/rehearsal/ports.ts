import { MillraceError } from '../errors.ts';
import { childRunId } from '../ids.ts';
import { encodeValue } from '../json.ts';
import { DEFAULT_RETRY } from '../policy/retry.ts';
import type { ExecutionPorts } from '../run/execution.ts';
import type { ProgramPorts } from '../workflow/program.ts';
import type { NamedWorkflow } from '../workflow/workflow.ts';

/**
 * What a program is told in a rehearsal where history says nothing: the same in each. Time goes on by a millisecond with
 * each look and numbers follow each other well mixed, so that a program that waits for either comes to an end.
 */
export class RehearsalPorts implements ExecutionPorts {
  readonly drained: () => Promise<void>;
  /** It asked for more than any run may record. */
  exhausted = false;
  private readonly now: number;
  private readonly most: number;
  private asked = 0;

  /**
   * @param now - store time at which history ends, ms.
   * @param most - what it may ask for at most.
   */
  constructor(drained: () => Promise<void>, now: number, most: number) {
    this.drained = drained;
    this.now = now;
    this.most = most;
  }

  storeTime(): number {
    return this.now + this.count();
  }

  random(): number {
    return mixed(this.count()) / 2 ** 32;
  }

  uuid(): string {
    return `00000000-0000-4000-8000-${this.count().toString(16).padStart(12, '0')}`;
  }

  runId(parent: string): string {
    return childRunId(parent, this.now, () => this.random());
  }

  /** Nothing is started: any will do. */
  versionOf(name: string): NamedWorkflow {
    return { name, version: '1' };
  }

  encode(value: unknown, where: string): string {
    this.count();
    return encodeValue(value, where);
  }

  private count(): number {
    if (this.asked++ < this.most) return this.asked;
    this.exhausted = true;
    throw new MillraceError('HISTORY_LIMIT', `the program asked ${this.most} times for something to record`);
  }
}

/** SplitMix32: neighbours give numbers that have nothing in common. */
function mixed(seed: number): number {
  let word = Math.imul(seed, 0x9e3779b9);
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
}

/** Nothing of it stands in history: which values an engine has makes no difference. */
export const REHEARSAL_PROGRAM: ProgramPorts = {
  lockMs: 1,
  defaultStep: {
    retry: DEFAULT_RETRY,
    timeoutMs: undefined,
    totalTimeoutMs: undefined,
    heartbeatTimeoutMs: undefined,
  },
};
