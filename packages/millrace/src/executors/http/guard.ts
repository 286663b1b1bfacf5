import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { MillraceError } from '../../core/errors.ts';
import type { Address, Resolve } from '../outside.ts';
import { forbidden } from './addresses.ts';

/**
 * Keeps requests that authors describe away from what only this machine or its network can reach.
 *
 *   G1  A connection goes to an address that was checked, and to no other: what the lookup hands to the socket is what
 *       it has checked, and nobody asks for the name again.
 *   G2  One address of a name that must not be reached is enough to refuse the name.
 *   G3  Only a host as the URL names it can be let through, with one port or all, whatever address it has.
 */
export interface Guard {
  /** How a socket finds the addresses of this URL's host. @throws ADDRESS_REFUSED for an address that the URL names. */
  lookupFor(url: URL): LookupFunction;
}

/** @param allowHosts - `host:port`, or `host:*`. */
export function createGuard(allowHosts: readonly string[], resolve: Resolve = resolveBySystem): Guard {
  const allowed = new Set(allowHosts.map(normalHost));
  return {
    lookupFor(url) {
      const host = hostOf(url);
      const isAllowed = [portOf(url), '*'].some((port) => allowed.has(`${url.hostname}:${port}`));
      // Of an address nothing is looked up.
      if (!isAllowed && isIP(host) !== 0) check(url, host);
      const find = callbackify(async () => {
        const found = await resolve(host);
        if (found.length === 0) throw notFound(host);
        if (!isAllowed) for (const one of found) check(url, one.address);
        return [...found];
      });
      return (_host, { all }, callback) =>
        find((error, found) => {
          const [first] = found ?? [];
          // `find` gives either an error or an address.
          if (first === undefined || all === true) callback(error, found);
          else callback(error, first.address, first.family);
        });
    },
  };
}

/** The host of a URL as sockets take it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** As a URL writes it, so that there is one way to write a host. */
function normalHost(entry: string): string {
  const url = new URL(`http://${entry.replace(/:\*$/, '')}`);
  return `${url.hostname}:${entry.endsWith(':*') ? '*' : portOf(url)}`;
}

function check(url: URL, address: string): void {
  const kind = forbidden(address);
  if (kind === undefined) return;
  const host = hostOf(url);
  const subject = host === address ? address : `host "${host}" has the address ${address}, which`;
  throw new MillraceError(
    'ADDRESS_REFUSED',
    `nothing was sent to port ${portOf(url)}: ${subject} is ${kind}`,
    {
      details: { host, port: portOf(url), address },
    },
  );
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`host "${host}" has no address`), { code: 'ENOTFOUND' });
}

async function resolveBySystem(host: string): Promise<readonly Address[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
