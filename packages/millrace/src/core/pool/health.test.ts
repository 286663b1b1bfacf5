import { describe, expect, it } from 'vitest';
import { BASE_MEMORY_MB, judgeWorker, type WorkerSample } from './health.ts';

const LIMITS = {
  startMs: 30_000,
  unresponsiveMs: 10_000,
  maxBlockMs: 600_000,
  memoryMb: 512,
  settleMs: 2000,
};
const MOST_MB = 512 + BASE_MEMORY_MB;
const judge = (sample: Partial<WorkerSample>) =>
  judgeWorker({ phase: 'idle', silentMs: 0, idleMs: 60_000, cpu: 0, rssMb: 60, ...sample }, LIMITS);

describe('a worker is healthy', () => {
  it.each([
    ['at rest', {}],
    ['while its job computes and blocks its loop for a minute', { phase: 'busy', silentMs: 60_000, cpu: 1 }],
    ['while a job of several threads computes', { phase: 'busy', cpu: 3.9 }],
    ['when a job has just ended', { cpu: 1, idleMs: 500 }],
    ['where nothing can be measured', { cpu: undefined, rssMb: undefined }],
    ['at its limits', { silentMs: 10_000, rssMb: MOST_MB * 0.85, cpu: 0.5 }],
  ] as const)('%s', (_name, sample) => {
    expect(judge(sample)).toEqual({ kind: 'healthy' });
  });
});

const NOT_READY = 'not ready 30000 ms after its start';
const MUTE = 'no answer for 10000 ms though it has nothing to do';
const ENDLESS = 'its job blocks the loop for more than 600000 ms';

describe('a worker is sick', () => {
  it.each<[string, Partial<WorkerSample>, object]>([
    ['that does not start', { phase: 'starting', silentMs: 30_001 }, slow(NOT_READY)],
    ['that answers no more', { silentMs: 10_001 }, slow(MUTE)],
    ['whose job never yields', { phase: 'busy', silentMs: 600_001 }, slow(ENDLESS)],
    [
      'over its memory',
      { phase: 'busy', rssMb: MOST_MB + 1 },
      { kind: 'kill', sign: 'memory', reason: '705 MiB resident, more than 704 MiB' },
    ],
    [
      'near its memory',
      { rssMb: MOST_MB * 0.86 },
      { kind: 'replace', sign: 'memory', reason: '605 MiB resident, near the limit of 704 MiB' },
    ],
    [
      'that computes for nobody',
      { cpu: 0.97 },
      { kind: 'replace', sign: 'cpu', reason: '97 % of a core while idle' },
    ],
  ])('%s', (_name, sample, verdict) => {
    expect(judge(sample)).toEqual(verdict);
  });
});

function slow(reason: string): object {
  return { kind: 'kill', sign: 'responsiveness', reason };
}
