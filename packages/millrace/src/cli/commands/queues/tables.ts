import type { LimitDescription, QueueDescription } from '../../../core/limits/describe-queue.ts';
import { span } from '../../output/run-words.ts';
import { table } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

export function queueTable(
  { outStyle: style, columns }: Terminal,
  queues: readonly QueueDescription[],
): string[] {
  if (queues.length === 0) return [];
  return table(
    [
      { title: 'QUEUE', of: ({ queue }) => queue, shrinks: true },
      { title: 'DEPTH', of: ({ depth }) => String(depth), align: 'right' },
      { title: 'MAX DEPTH', of: ({ limits }) => number(limits.maxDepth), align: 'right' },
      {
        title: 'OLDEST',
        of: ({ oldestAgeSeconds: age }) => (age === null ? '' : span(age * 1000)),
        align: 'right',
      },
      { title: 'RUNNING', of: ({ running }) => String(running), align: 'right' },
      { title: 'IN USE', of: ({ limits }) => use(limits.inUse, limits.maxConcurrent), align: 'right' },
      { title: 'RATE', of: ({ limits }) => rate(limits.ratePerSecond), align: 'right' },
      {
        title: 'PAUSED BY',
        of: ({ paused, pausedBy }) => (paused ? (pausedBy ?? 'somebody') : ''),
        paint: (_queue, cell) => style('yellow', cell),
      },
    ],
    queues,
    { style, columns },
  );
}

export function limitTable(
  { outStyle: style, columns }: Terminal,
  limits: readonly LimitDescription[],
): string[] {
  if (limits.length === 0) return [];
  return table(
    [
      {
        title: 'LIMIT OF',
        of: ({ kind, name }) => (kind === 'global' ? 'all' : `${kind} ${name}`),
        shrinks: true,
      },
      { title: 'IN USE', of: ({ inUse, maxConcurrent }) => use(inUse, maxConcurrent), align: 'right' },
      { title: 'RATE', of: ({ ratePerSecond }) => rate(ratePerSecond), align: 'right' },
      {
        title: 'PAUSED BY',
        of: ({ paused, pausedBy }) => (paused ? (pausedBy ?? 'somebody') : ''),
        paint: (_limit, cell) => style('yellow', cell),
      },
    ],
    limits,
    { style, columns },
  );
}

function number(value: number | null): string {
  return value === null ? '' : String(value);
}

function use(inUse: number | null, max: number | null): string {
  if (inUse === null) return '';
  return max === null ? String(inUse) : `${inUse} of ${max}`;
}

function rate(perSecond: number | null): string {
  return perSecond === null ? '' : `${perSecond}/s`;
}
