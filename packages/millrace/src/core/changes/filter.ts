import { MillraceError, show } from '../errors.ts';
import { CHANGE_TYPES, type ChangeEvent, type ChangeKind } from './change.ts';

/** Which changes somebody follows: those for which all holds that is said. */
export interface ChangeFilter {
  /** Kinds, or kinds with a type: `['queue', 'run.failed']`. */
  readonly types?: readonly string[] | undefined;
  readonly workflow?: string | undefined;
  readonly tag?: string | undefined;
  readonly runId?: string | undefined;
  readonly queue?: string | undefined;
}

/** @throws INVALID_ARGUMENT for a type that does not exist. */
export function checkFilter({ types = [] }: ChangeFilter): void {
  for (const type of types) {
    if (KNOWN.has(type)) continue;
    const remedy = `Pass some of ${KINDS.join(', ')}, or with a type, as in run.failed.`;
    throw new MillraceError('INVALID_ARGUMENT', `watch: ${show(type)} is no type of change`, { remedy });
  }
}

// `Object.keys` forgets which keys they are.
const KINDS = Object.keys(CHANGE_TYPES) as ChangeKind[];
const KNOWN: ReadonlySet<string> = new Set(
  KINDS.flatMap((kind) => [kind, ...CHANGE_TYPES[kind].map((type) => `${kind}.${type}`)]),
);

/** What is said of runs alone lets no change of anything else through. */
export function matches(filter: ChangeFilter, change: ChangeEvent): boolean {
  const { types, workflow, tag, runId, queue } = filter;
  if (
    types !== undefined &&
    !types.some((type) => type === change.kind || type === `${change.kind}.${change.type}`)
  )
    return false;
  if (queue !== undefined && !('queue' in change && change.queue === queue)) return false;
  if (workflow === undefined && tag === undefined && runId === undefined) return true;
  return (
    change.kind === 'run' &&
    (workflow === undefined || change.workflow === workflow) &&
    (tag === undefined || change.tags.includes(tag)) &&
    (runId === undefined || change.runId === runId)
  );
}

/** The same for filters that let the same through. */
export function filterKey({ types, workflow, tag, runId, queue }: ChangeFilter): string {
  return JSON.stringify([types?.toSorted() ?? null, workflow, tag, runId, queue]);
}
