import type { EntryOf } from '../worker/entry.ts';
import type { Evidence } from './evidence.ts';

/** Fencing tokens of a step grow with each attempt; two attempts never share one. */
export function judgeFences({ entries }: Evidence, overlapping: boolean): string[] {
  const begins = entries.filter((entry) => entry.kind === 'begin').filter(({ fence }) => fence > 0);
  return [...Map.groupBy(begins, ({ key }) => key).values()].flatMap((attempts) => [
    ...judgeShared(attempts),
    // Where owners overlap, only what one process does is in the order of its tokens.
    ...(overlapping
      ? [...Map.groupBy(attempts, ({ pid }) => pid).values()].flatMap(judgeOrder)
      : judgeOrder(attempts)),
  ]);
}

function judgeShared(attempts: readonly EntryOf<'begin'>[]): string[] {
  const fences = new Set(attempts.map(({ fence }) => fence));
  const [first] = attempts;
  if (first === undefined || fences.size === attempts.length) return [];
  return [`step ${first.step} of ${first.workflow} ${first.runId}: two attempts share a fencing token`];
}

function judgeOrder(attempts: readonly EntryOf<'begin'>[]): string[] {
  return attempts.flatMap(({ step, workflow, runId, fence }, at) => {
    const before = attempts[at - 1]?.fence ?? 0;
    if (fence > before) return [];
    return [`step ${step} of ${workflow} ${runId}: fencing token ${fence} came after ${before}`];
  });
}
