import { MillraceError } from '../../core/errors.ts';
import type { Answer, Hop } from './exchange.ts';
import { shownUrl } from './failure.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * What another origin may see of a request that was meant for the first one: any other header may be a credential.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'content-type', 'content-length', 'user-agent'],
  'idempotency-key',
]);
const OF_BODY: ReadonlySet<string> = new Set(['content-type', 'content-length', 'content-encoding']);

/**
 * The request that an answer leads on to, by RFC 9110; undefined when it is the last.
 * @param followed - how many redirects led here.
 * @throws REDIRECT_REFUSED.
 */
export function nextHop(
  hop: Hop,
  { status, headers: { location } }: Answer,
  followed: number,
): Hop | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  if (followed >= MAX_REDIRECTS) throw refused(hop, `more than ${MAX_REDIRECTS} redirects, the last`);
  const url = URL.parse(location, hop.url.href);
  if (url === null) throw refused(hop, 'a redirect to no address,');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refused(hop, `a redirect to ${url.protocol}`);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw refused(hop, 'a redirect to plain http');
  url.username = '';
  url.password = '';
  url.hash = '';
  const losesBody = status === 303 ? hop.method !== 'HEAD' : status <= 302 && hop.method === 'POST';
  const isElsewhere = url.origin !== hop.url.origin;
  const headers = Object.entries(hop.headers).filter(
    ([name]) => !(isElsewhere && !HARMLESS.has(name)) && !(losesBody && OF_BODY.has(name)),
  );
  return {
    url,
    method: losesBody ? 'GET' : hop.method,
    headers: Object.fromEntries(headers),
    body: losesBody ? undefined : hop.body,
  };
}

function refused(hop: Hop, what: string): MillraceError {
  return new MillraceError('REDIRECT_REFUSED', `${what} from ${shownUrl(hop.url)}`, {
    details: { from: shownUrl(hop.url) },
  });
}
