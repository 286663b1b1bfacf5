import { createHmac } from 'node:crypto';
import type { Executor } from '../../core/workflow/context.ts';
import { anything, duration, optional, readInput, word } from '../input.ts';
import { DECODED, jsonBytes } from './body.ts';
import type { Guard } from './guard.ts';
import {
  address,
  DEFAULT_MAX_BYTES,
  DEFAULT_TIMEOUT_MS,
  headers,
  hop,
  merged,
  type Headers,
} from './request.ts';
import { send } from './send.ts';

interface WebhookInput {
  url: URL;
  payload: unknown;
  secret: string | undefined;
  headers: Headers | undefined;
  timeout: number | undefined;
}

const SECRET_PREFIX = 'whsec_';

/**
 * Posts JSON, signed when there is a secret.
 * @source Standard Webhooks 1.0: what is signed, and the names of the headers.
 */
export function webhookPost(guard: Guard): Executor<unknown> {
  return (input, step) => {
    const { timeout, ...given } = readInput<WebhookInput>('webhook.post', input, {
      url: address,
      payload: anything,
      secret: optional(word),
      headers: optional(headers),
      timeout: optional(duration),
    });
    const body = jsonBytes(given.payload ?? null);
    const id = step.idempotencyKey;
    const seconds = String(Math.floor(Date.now() / 1000));
    const ours = {
      accept: '*/*',
      'accept-encoding': DECODED,
      'user-agent': 'millrace',
      'content-type': 'application/json',
      'idempotency-key': id,
      'webhook-id': id,
      'webhook-timestamp': seconds,
      ...(step.traceparent === undefined ? {} : { traceparent: step.traceparent }),
      ...(given.secret === undefined
        ? {}
        : { 'webhook-signature': signature(given.secret, id, seconds, body) }),
    };
    // A receiver that has moved tells its senders; a signed message is not carried after it.
    const limits = {
      timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS,
      maxBytes: DEFAULT_MAX_BYTES,
      followRedirects: false,
      failsFrom: 300,
    } as const;
    return send(hop('POST', given.url, merged(ours, given.headers), body), limits, guard, step);
  };
}

/** `v1,` and the HMAC-SHA256 of `ID.SECONDS.BODY` in base64. A secret that begins with `whsec_` is base64 after it. */
function signature(secret: string, id: string, seconds: string, body: Uint8Array): string {
  const key = secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64')}`;
}
