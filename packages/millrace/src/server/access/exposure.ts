import { MillraceError } from '../../core/errors.ts';

/** Whether an address is this machine's own, which nobody else reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * A server that nobody has to show a key to must not be reached by others.
 * @param isGuarded - something says who may call.
 * @throws UNPROTECTED_ADDRESS.
 */
export function refuseExposure(host: string, isGuarded: boolean): void {
  if (isGuarded || isLoopback(host)) return;
  const what = `the server would listen at ${host} without authentication`;
  throw new MillraceError('UNPROTECTED_ADDRESS', what);
}
