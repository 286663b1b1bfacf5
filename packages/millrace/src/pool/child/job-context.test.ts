import { expect, it } from 'vitest';
import { encodeValue } from '../../core/json.ts';
import type { FromWorker } from '../protocol.ts';
import { jobContext } from './job-context.ts';

const FACTS = {
  ...{ runId: 'run', name: 'pay', attempt: 1, idempotencyKey: 'run:0', traceparent: undefined },
  ...{ fencingToken: { value: 1, epoch: 1, attempt: 1, taker: 0 }, lastCheckpoint: 'null' },
};

it('a job may say anything: what cannot travel goes as text, and what is no text is told so', () => {
  const sent: FromWorker[] = [];
  const { step } = jobContext(7, FACTS, (message) => void sent.push(message));
  step.log.info('paid', { amount: 12, how: () => 0 });
  step.log.warn(Object.create(null) as string, null as never);
  expect(sent).toMatchObject([
    { message: 'paid', fields: { amount: encodeValue(12, 'log') } },
    { level: 'warn', message: 'a message that is no text', fields: undefined },
  ]);
});
