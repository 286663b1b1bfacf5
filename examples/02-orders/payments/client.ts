import { TerminalError, type StepContext, type StepOptions } from 'millrace';

export interface Payment {
  /** Ours alone; the service keeps charges and refunds of one reference together. */
  reference: string;
  /** The order's number, for people. */
  order: string;
  customer: string;
  pence: number;
}

export interface Receipt {
  id: string;
  pence: number;
}

/** A second per attempt: the service's answer is either quick or lost. Faults come in threes at most. */
export const PATIENCE: StepOptions = {
  timeout: '1s',
  retry: { maxAttempts: 12, initial: '50ms', factor: 2, max: '1s' },
};

export function charge(payment: Payment, step: StepContext): Promise<Receipt> {
  return post('/charges', payment, step);
}

/**
 * Gives back all that was charged for the reference, which may be nothing. No later charge for it succeeds.
 */
export function refund(payment: Omit<Payment, 'pence'>, step: StepContext): Promise<Receipt> {
  return post('/refunds', payment, step);
}

export function credit(payment: Payment, step: StepContext): Promise<Receipt> {
  return post('/credits', payment, step);
}

async function post(path: string, body: object, step: StepContext): Promise<Receipt> {
  const response = await fetch(`${serviceUrl()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': step.idempotencyKey },
    body: JSON.stringify(body),
    signal: step.signal,
  });
  const answer = (await response.json()) as Receipt & { code: string; message: string };
  if (response.ok) return { id: answer.id, pence: answer.pence };
  if (response.status >= 500) throw new Error(`payment service: ${response.status} ${answer.message}`);
  throw new TerminalError(answer.message, { code: answer.code });
}

function serviceUrl(): string {
  const url = process.env['PAYMENTS_URL'];
  if (url === undefined) throw new TerminalError('PAYMENTS_URL does not say where the payment service is');
  return url;
}
