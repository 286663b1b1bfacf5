import { PRIORITY_CODE } from '../../../core/status.ts';
import type { DeliveryResult, StartRequest, StartResult } from '../../port/store.ts';
import { AUDIT_COLUMNS, auditColumns } from '../audit/audit.ts';
import { int4Array } from '../database/binary-array.ts';
import type { Statement } from '../database/connect.ts';
import { type Answer, deliveryOf, plainlyStarted, START, START_DELIVERY, startOf } from './answer.ts';
import { engineColumn, START_COLUMNS, startColumns } from './columns.ts';
import { functionCall } from './function-call.ts';

const START_RUNS = functionCall('start_v1', 4 + START_COLUMNS);
const START_RECORDED = functionCall('start_recorded_v1', 4 + START_COLUMNS + 1 + AUDIT_COLUMNS);

/** `unowned`: part of a caller's own transaction, which may yet be undone, so nobody may execute it now. */
export function startStatement(
  requests: readonly StartRequest[],
  options: { now: number | undefined; unowned: boolean },
): Statement {
  const values = [
    options.now,
    options.unowned ? null : engineColumn(requests.map(({ owner }) => owner)),
    options.unowned,
    true,
    ...startColumns(requests),
  ];
  const acts = requests.flatMap(({ act }, at) => (act === undefined ? [] : [{ act, place: at + 1 }]));
  if (acts.length === 0) return { text: START_RUNS, values };
  const places = int4Array(acts.map(({ place }) => place));
  return { text: START_RECORDED, values: [...values, places, ...auditColumns(acts.map(({ act }) => act))] };
}

/** Results in request order; what the answers do not speak of went as asked. */
export function startResults(
  requests: readonly StartRequest[],
  answers: readonly Answer[],
  unowned: boolean,
): StartResult[] {
  const results = requests.map((request) => plainlyStarted(request, !unowned && request.owner !== undefined));
  const deliveries = new Map<number, DeliveryResult>();
  for (const answer of answers) {
    if (answer[0] === START_DELIVERY) deliveries.set(answer[1], deliveryOf(answer));
  }
  for (const answer of answers) {
    if (answer[0] === START) results[answer[1] - 1] = startOf(answer, deliveries.get(answer[1]));
  }
  return results;
}

/**
 * Takes the wish for an owner from requests that would overtake an earlier one of the same call: eager
 * ownership is only for the run that a claim would take next.
 */
export function withoutOvertaking(requests: readonly StartRequest[]): readonly StartRequest[] {
  if (requests.every(({ owner }) => owner !== undefined)) return requests;
  if (requests.every(({ owner }) => owner === undefined)) return requests;
  const waiting = new Map<string, number>();
  return requests.map((request) => {
    const { owner, assignTo, namespace, queue } = request;
    // No name contains a NUL (port/text.ts), and no engine's id is empty.
    const place = `${namespace}\0${queue}`;
    const priority = PRIORITY_CODE[request.priority];
    if (owner === undefined) {
      const key = assignTo?.engineId ?? place;
      if (request.startAt === undefined) waiting.set(key, Math.max(waiting.get(key) ?? 0, priority));
      return request;
    }
    const ahead = Math.max(waiting.get(place) ?? 0, waiting.get(owner) ?? 0);
    return ahead >= priority ? { ...request, owner: undefined } : request;
  });
}
