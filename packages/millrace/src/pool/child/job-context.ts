import { show } from '../../core/errors.ts';
import { errorOf, type Failure } from '../../core/failure.ts';
import { decodeValue, encodeValue } from '../../core/json.ts';
import { soundLine } from '../../core/lines/line.ts';
import type { Log, StepContext } from '../../core/workflow/context.ts';
import type { AttemptFacts, FromWorker } from '../protocol.ts';

/** One job inside its worker: the context that its function sees, and what the parent says about it. */
export interface JobContext {
  readonly step: StepContext;
  abort(reason: Error): void;
  checkpointed(seq: number, failure: Failure | undefined): void;
}

export function jobContext(id: number, facts: AttemptFacts, send: (message: FromWorker) => void): JobContext {
  const controller = new AbortController();
  const waiting = new Map<number, { resolve: () => void; reject: (reason: Error) => void }>();
  let lastSeq = 0;
  const logAt = (level: keyof Log) => (said: string, own?: Readonly<Record<string, unknown>>) => {
    const { message, fields } = soundLine({ message: said, fields: own });
    send({ type: 'log', id, level, message, fields: fields && encodedFields(fields) });
  };
  const step: StepContext = {
    ...facts,
    lastCheckpoint: decodeValue(facts.lastCheckpoint),
    signal: controller.signal,
    heartbeat: () => send({ type: 'heartbeat', id }),
    checkpoint(value) {
      const seq = (lastSeq += 1);
      const text = encodeValue(value, `checkpoint of step "${facts.name}"`);
      return new Promise((resolve, reject) => {
        waiting.set(seq, { resolve, reject });
        send({ type: 'checkpoint', id, seq, value: text });
      });
    },
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
  };
  return {
    step,
    abort: (reason) => controller.abort(reason),
    checkpointed(seq, failure) {
      const asker = waiting.get(seq);
      waiting.delete(seq);
      if (failure === undefined) asker?.resolve();
      else asker?.reject(errorOf(failure));
    },
  };
}

/** A field that cannot travel is shown as text: no line of a log may fail a job. */
function encodedFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      try {
        return [name, encodeValue(value, 'log')];
      } catch {
        return [name, encodeValue(show(value), 'log')];
      }
    }),
  );
}
