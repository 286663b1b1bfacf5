import { PRIORITY_CODE } from '../../../core/status.ts';
import { encodeLimits } from '../../port/limits.ts';
import type { Adopter, Message, ReusePolicy, Scope, StartRequest } from '../../port/store.ts';
import { byteaArray, int4Array, int8Array, textArray, uuidArray } from '../database/binary-array.ts';
import type { Parameter } from '../database/connect.ts';

/*
 * Requests as the array parameters of the functions, one a field, in the order of their signatures. A field
 * that none of a batch has is NULL instead of an array of NULLs.
 */
type Encode<T> = (values: readonly (T | undefined)[]) => Buffer;

export function sparse<T>(encode: Encode<T>, values: readonly (T | undefined)[]): Buffer | null {
  return values.some((value) => value !== undefined) ? encode(values) : null;
}

const REUSE_CODE: Readonly<Record<ReusePolicy, number>> = {
  return: 0,
  allow: 1,
  'allow-failed': 2,
  refuse: 3,
};

/** How many parameters `startColumns` gives. */
export const START_COLUMNS = 25;

export function startColumns(
  starts: readonly StartRequest[],
  predecessors?: readonly (string | undefined)[],
): Parameter[] {
  if (starts.length === 0) return Array.from({ length: START_COLUMNS }, () => null);
  const given = <T>(encode: Encode<T>, of: (start: StartRequest) => T | undefined): Buffer | null =>
    sparse(encode, starts.map(of));
  return [
    uuidArray(starts.map((start) => start.runId)),
    textArray(starts.map((start) => start.namespace)),
    textArray(starts.map((start) => start.workflow)),
    textArray(starts.map((start) => start.workflowVersion)),
    textArray(starts.map((start) => start.queue)),
    int4Array(starts.map((start) => PRIORITY_CODE[start.priority])),
    given(textArray, (start) => arrayLiteral(start.tags)),
    given(textArray, (start) => start.key),
    given(textArray, (start) => start.fingerprint),
    int4Array(starts.map((start) => REUSE_CODE[start.reuse])),
    int8Array(starts.map((start) => start.dedupMs)),
    given(int8Array, (start) => roundUp(start.startAt)),
    given(int8Array, (start) => roundUp(start.deadlineAt)),
    given(uuidArray, (start) => start.parentRunId),
    given(int4Array, (start) => start.parentOrdinal),
    int8Array(starts.map((start) => start.commitId)),
    given(uuidArray, (start) => start.owner),
    byteaArray(starts.map((start) => start.history)),
    given(textArray, (start) => start.message?.dedup),
    given(byteaArray, (start) => start.message?.body),
    given(int4Array, (start) => roundUp(start.message?.windowMs)),
    sparse(uuidArray, predecessors ?? []),
    given(textArray, (start) => encodeLimits(start.limits)),
    given(uuidArray, (start) => start.assignTo?.engineId),
    given(int4Array, (start) => roundUp(start.assignTo?.windowMs)),
  ];
}

/** A message on its way: who may adopt its target. */
export interface Sending {
  message: Message;
  adopter: Adopter | undefined;
}

/** How many parameters `messageColumns` gives. */
export const MESSAGE_COLUMNS = 8;

export function messageColumns(sendings: readonly Sending[]): Parameter[] {
  if (sendings.length === 0) return Array.from({ length: MESSAGE_COLUMNS }, () => null);
  const targets = sendings.map(({ message }) => message.target);
  return [
    uuidArray(targets.map((target) => ('runId' in target ? target.runId : undefined))),
    sparse(
      textArray,
      targets.map((target) => ('key' in target ? target.namespace : undefined)),
    ),
    sparse(
      textArray,
      targets.map((target) => ('key' in target ? target.key : undefined)),
    ),
    textArray(sendings.map(({ message }) => message.dedup)),
    byteaArray(sendings.map(({ message }) => message.body)),
    sparse(
      uuidArray,
      sendings.map(({ adopter }) => adopter?.engineId),
    ),
    sparse(
      int4Array,
      sendings.map(({ adopter }) => adopter?.limit),
    ),
    sparse(
      int4Array,
      sendings.map(({ message }) => roundUp(message.windowMs)),
    ),
  ];
}

/** The incarnations that an act is done for, in the order in which all acts lock them. */
export function engineColumn(ids: Iterable<string | undefined>): Buffer | null {
  const distinct = [...new Set(ids)].filter((id) => id !== undefined);
  return distinct.length === 0 ? null : uuidArray(distinct.toSorted((a, b) => (a < b ? -1 : 1)));
}

/** How many parameters `scopeColumns` gives. */
export const SCOPE_COLUMNS = 5;

/** What the caller can execute. */
export function scopeColumns({ namespace, queues, workflows, traits = [] }: Scope): Parameter[] {
  return [
    namespace,
    queues && textArray(queues),
    textArray(workflows.map(({ workflow }) => workflow)),
    textArray(workflows.map(({ version }) => version)),
    textArray(traits),
  ];
}

/** Never earlier than asked. */
export function roundUp(at: number | undefined): number | undefined {
  return at === undefined ? undefined : Math.ceil(at);
}

/** Arrays of arrays would have to be rectangular: tags go as PostgreSQL's text for an array. */
function arrayLiteral(tags: readonly string[]): string | undefined {
  if (tags.length === 0) return undefined;
  return `{${tags.map((tag) => `"${tag.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
}
