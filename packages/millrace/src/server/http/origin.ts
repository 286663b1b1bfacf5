import { MillraceError } from '../../core/errors.ts';
import type { Asked } from '../wire/exchange.ts';

/** What a browser lets any page send without asking the server first. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A page of another site can make its visitor's browser send requests: to a server on the visitor's own machine, or with
 * whatever the browser adds by itself. Such requests say where they come from.
 * @throws FOREIGN_ORIGIN.
 * @source Fetch Metadata Request Headers; OWASP, Cross-Site Request Forgery Prevention.
 */
export function refuseForeignPages({ method, headers }: Asked): void {
  if (SAFE.has(method)) return;
  const site = headers.get('sec-fetch-site');
  if (site === 'cross-site' || site === 'same-site') throw foreign(`Sec-Fetch-Site: ${site}`);
  const origin = headers.get('origin');
  if (origin !== null && hostOf(origin) !== headers.get('host'))
    throw foreign(`Origin: ${origin.slice(0, 200)}`);
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}

function foreign(header: string): MillraceError {
  return new MillraceError('FOREIGN_ORIGIN', `the request comes from a page of another site (${header})`);
}
