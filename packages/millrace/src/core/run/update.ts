import { failureOf } from '../failure.ts';
import { decodeValue } from '../json.ts';
import type { EventOf } from './event.ts';
import type { Execution } from './execution.ts';
import { encodeFailure } from './outcome.ts';

/** Runs the handler of an update, if one is registered, and records its reply. */
export function replyTo(execution: Execution, update: EventOf<'update-received'>): void {
  const handler = execution.handlerOf(update);
  if (handler === undefined) return;
  const reply = async (): Promise<string> =>
    execution.ports.encode(await handler(decodeValue(update.payload ?? 'null')), `reply to update "${update.name}"`);
  reply().then(
    (payload) => record(execution, update, true, payload),
    (error: unknown) => record(execution, update, false, encodeFailure(failureOf(error))),
  );
}

function record(execution: Execution, update: EventOf<'update-received'>, ok: boolean, payload: string): void {
  if (!execution.active) return execution.onForeignUse();
  execution.record(`update:${update.id}`, () => ({
    type: 'update-replied',
    id: update.id,
    name: update.name,
    ok,
    payload,
  }));
}
