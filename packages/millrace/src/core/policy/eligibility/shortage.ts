import type { Reason } from '../why/reason.ts';
import { CODES, REFUSAL_KINDS, type Refusal, type RefusalKind, type ShortageCode } from './refusal.ts';
import type { Work } from './work.ts';

/** Why no healthy engine takes a piece of work: a reason of `why` but for the instant since when. */
export interface Shortage extends Omit<Reason, 'code' | 'since'> {
  readonly code: ShortageCode;
}

/** One answer made of what all engines answered: it names the one that was nearest to a yes. */
export function shortageOf(work: Work, refusals: readonly Refusal[]): Shortage {
  // Who serves another namespace is nobody's business here.
  const own = refusals.filter(({ kind }) => kind !== 'namespace');
  const [nearest] = own.toSorted(byNearness);
  const kind = nearest?.kind ?? 'namespace';
  return {
    code: CODES[kind],
    message: `${opening(kind, work)}${nearest === undefined ? '' : ending(nearest, own.length)}`,
    refs: { ...subjectRefs(work), ...(nearest === undefined ? {} : { engineId: nearest.engine.name }) },
    remedy: { message: remedy(kind, work), command: 'millrace doctor' },
  };
}

/** The engine that came furthest in the questions; among those, that lacks the fewest labels; then by name. */
function byNearness(a: Refusal, b: Refusal): number {
  const further = REFUSAL_KINDS.indexOf(b.kind) - REFUSAL_KINDS.indexOf(a.kind);
  if (further !== 0) return further;
  return a.missing.length - b.missing.length || (a.engine.name < b.engine.name ? -1 : 1);
}

function opening(kind: RefusalKind, work: Work): string {
  switch (kind) {
    case 'namespace':
      return `no engine serves namespace "${work.namespace}"`;
    case 'queue':
      return `no engine serves queue "${work.queue}"`;
    case 'executor':
    case 'version':
      return `no engine of queue "${work.queue}" has ${subject(work)}`;
    case 'label':
      return `no engine that has ${subject(work)} carries ${labels(work)}`;
    case 'draining':
    case 'suspect':
      return 'no engine that could take it is there to stay';
    case 'full':
      return 'no engine that could take it has room';
    case 'unhealthy':
      return 'no engine that could take it is healthy';
  }
}

function ending({ kind, engine, message }: Refusal, engines: number): string {
  const nearest = engines === 1 ? engine.name : `${engine.name}, the nearest of ${engines},`;
  return `: ${nearest} ${message}${kind === 'unhealthy' ? '; unhealthy ones get the work all the same' : ''}`;
}

function remedy(kind: RefusalKind, work: Work): string {
  switch (kind) {
    case 'namespace':
      return 'Start a process that runs on this store and serves the namespace.';
    case 'queue':
      return `Add "${work.queue}" to the queues of an engine, or correct the queue's name.`;
    case 'executor':
      return `Start a process that registers ${subject(work)}, or correct its name.`;
    case 'version':
      return `Start a process that registers ${subject(work)}; keep old versions while they have runs.`;
    case 'label':
      return `Start an engine that carries ${labels(work)} (ENGINE_LABELS), or require less.`;
    case 'draining':
    case 'suspect':
      return 'Start another engine, or wait until this one is back.';
    case 'full':
      return 'Wait for a free slot, add engines, or raise their capacity.';
    case 'unhealthy':
      return 'Relieve the engines or add others.';
  }
}

function subject(work: Work): string {
  return work.kind === 'task'
    ? `executor "${work.executor}"`
    : `version ${work.version} of workflow "${work.workflow}"`;
}

function labels({ requires }: Work): string {
  return `label${requires.length === 1 ? '' : 's'} ${requires.join(', ')}`;
}

function subjectRefs(work: Work): Reason['refs'] {
  const { namespace, queue } = work;
  const requires = work.requires.length === 0 ? {} : { requires: work.requires.join(', ') };
  return work.kind === 'task'
    ? { namespace, queue, executor: work.executor, ...requires }
    : { namespace, queue, workflow: work.workflow, version: work.version, ...requires };
}
