import { MillraceError } from '../../../core/errors.ts';

const FORM = /^[\x21-\x7e]{1,255}$/;

/**
 * What the caller calls this act, so that sending it again does not do it again.
 * @throws INVALID_REQUEST.
 */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const given = headers.get('idempotency-key');
  if (given === null || FORM.test(given)) return given ?? undefined;
  throw new MillraceError('INVALID_REQUEST', 'header Idempotency-Key is empty, too long or not plain text', {
    remedy: 'Send 1 to 255 visible ASCII characters.',
  });
}
