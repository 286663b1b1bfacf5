import { type Hindrance, hindrances, limitsByName } from '../../limits/admission.ts';

import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { LimitFacts, WhyFacts } from './facts.ts';
import { shellWord, type Reason } from './reason.ts';

/** The limits that hold a ready run back: the rule is the one by which runs are claimed. */
export function limitReasons(
  run: ReadableRun,
  { limits: facts }: WhyFacts,
  since: string,
): readonly Reason[] {
  if (facts === undefined) return [];
  const { keys, granted, limits } = facts;
  const { queue, workflow } = run;
  const held = hindrances({ queue, workflow, keys, granted }, limitsByName(limits));
  return held.map((hindrance) => reasonOf(hindrance, since));
}

function reasonOf({ limit, obstacle }: Hindrance<LimitFacts>, since: string): Reason {
  switch (obstacle) {
    case 'paused':
      return pausedReason(limit, since);
    case 'full':
      return fullReason(limit, since);
    case 'rate':
      return rateReason(limit, since);
  }
}

function pausedReason(limit: LimitFacts, since: string): Reason {
  const { kind, pausedBy, pausedAt } = limit;
  const at = pausedAt === undefined ? since : instant(pausedAt);
  const by = pausedBy === undefined ? '' : ` by ${pausedBy}`;
  return {
    code: kind === 'queue' ? 'QUEUE_PAUSED' : 'LIMIT_REACHED',
    message: `${nameOf(limit)} ${kind === 'global' ? 'are' : 'is'} paused${by} since ${at}`,
    since: at,
    refs: { ...refsOf(limit), ...(pausedBy === undefined ? {} : { pausedBy }) },
    remedy: {
      message: 'Resume it; runs that hold a grant go on meanwhile.',
      command: `millrace queues resume ${argumentsOf(limit)}`,
    },
  };
}

function fullReason(limit: LimitFacts, since: string): Reason {
  const { inUse, holders } = limit;
  const max = Number(limit.max);
  const more = inUse > holders.length ? ` and ${inUse - holders.length} more` : '';
  const [first] = holders;
  const held = first === undefined ? '' : `, held by ${holders.join(', ')}${more}`;
  return {
    code: 'LIMIT_REACHED',
    message: `of ${nameOf(limit)} ${inUse} of at most ${max} run${max === 1 ? '' : 's'} hold a grant${held}`,
    since,
    refs: { ...refsOf(limit), max, inUse, ...(first === undefined ? {} : { holders: holders.join(' ') }) },
    remedy: {
      message: 'Wait until one of them ends, look why it does not, or raise the limit.',
      command: first === undefined ? raise(limit, max + 1) : `millrace why ${first}`,
    },
  };
}

function rateReason(limit: LimitFacts, since: string): Reason {
  const { ratePerSecond = 0, nextTokenAt } = limit;
  const until = nextTokenAt === undefined ? undefined : instant(nextTokenAt);
  const next = until === undefined ? '' : `; the next at ${until}`;
  return {
    code: 'LIMIT_REACHED',
    message: `of ${nameOf(limit)} at most ${ratePerSecond} run${ratePerSecond === 1 ? '' : 's'} a second may begin${next}`,
    since,
    refs: { ...refsOf(limit), ratePerSecond, ...(until === undefined ? {} : { until }) },
    remedy: {
      message: 'Wait for its turn, or raise the rate.',
      command: `millrace queues limit ${argumentsOf(limit)} --rate ${ratePerSecond * 2}`,
    },
  };
}

/** The command that lets more runs hold a grant. */
export function raise(limit: Named, max: number): string {
  return `millrace queues limit ${argumentsOf(limit)} --max ${max}`;
}

type Named = Pick<LimitFacts, 'kind' | 'name'>;

function nameOf({ kind, name }: Named): string {
  return kind === 'global' ? 'all runs of the namespace' : `${kind} "${name}"`;
}

function refsOf({ kind, name }: Named): Record<string, string> {
  return kind === 'global' ? { limit: kind } : { limit: kind, [kind]: name };
}

/** As the command line wants it. */
function argumentsOf({ kind, name }: Named): string {
  if (kind === 'global') return '--all';
  return kind === 'queue' ? shellWord(name) : `${shellWord(name)} --${kind}`;
}
