import { durationMs } from '../duration.ts';
import { didYouMean } from '../suggest.ts';

/*
 * How the text of a variable becomes a value. Each throws an error whose message says what is allowed.
 */

export function shortText(given: string): string {
  if (given.length <= 256) return given;
  throw new Error('must have at most 256 characters');
}

export function list(given: string): readonly string[] {
  const items = given.split(',').map((item) => item.trim());
  if (items.every((item) => item !== '')) return items;
  throw new Error('must be names separated by single commas');
}

/** A name or an address, without a port; IPv6 with or without brackets. */
export function hostName(given: string): string {
  const bare = given.replace(/^\[(.*)\]$/, '$1');
  if (/^[\w.-]{1,253}$/.test(bare) || /^[\da-f:.]+(?:%\w+)?$/i.test(bare)) return bare;
  throw new Error('must be a host name or an address without a port, such as 127.0.0.1 or ::1');
}

export function profileName(given: string): string {
  if (/^[\w-]{1,64}$/.test(given)) return given;
  throw new Error('must be letters, digits, "_" and "-", such as production');
}

/** Addresses, or networks as `10.0.0.0/8` and `fd00::/8`. */
export function networks(given: string): readonly string[] {
  return list(given).map((network) => {
    const [address = '', prefix = '0', ...rest] = network.split('/');
    const most = address.includes(':') ? 128 : 32;
    if (isAddress(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) <= most && rest.length === 0)
      return network;
    throw new Error(`has "${network}", which is neither an address nor a network such as 10.0.0.0/8`);
  });
}

function isAddress(text: string): boolean {
  if (text.includes(':')) return URL.canParse(`http://[${text}]/`);
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** Each once. */
export function namespaces(given: string): readonly string[] {
  const names = list(given);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`has ${twice} twice`);
  if (names.every((name) => name.length <= 128)) return names;
  throw new Error('must be names of at most 128 characters');
}

export function storeUrl(given: string): string {
  if (/^(?:(?:file|sqlite):.+|postgres(?:ql)?:\/\/.+)$/.test(given)) return given;
  throw new Error('must be file:PATH for SQLite or postgres://USER@HOST/DATABASE for PostgreSQL');
}

/** A host and a port, as URLs write them: `localhost:8080`, `[::1]:80`; or a host with all ports: `localhost:*`. */
export function hostAndPort(given: string): string {
  const one = given.replace(/:\*$/, ':1');
  const url = URL.parse(`http://${one}`);
  if (/:\d+$/.test(one) && url !== null && url.href === `${url.origin}/`) return given;
  throw new Error('must name host and port, such as localhost:8080');
}

export function hosts(given: string): readonly string[] {
  return list(given).map(hostAndPort);
}

export function smtpUrl(given: string): string {
  if (/^smtps?:$/.test(URL.parse(given)?.protocol ?? '')) return given;
  throw new Error('must be smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start');
}

/** Keys that anybody on the way could replace are no keys. */
export function keySetUrl(given: string): string {
  const url = URL.parse(given);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return given;
  throw new Error('must be https://HOST/PATH, or http:// on this machine');
}

export function count(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= least && value <= most) return value;
    throw new Error(`must be a whole number from ${least} to ${most}`);
  };
}

export function share(given: string): number {
  const value = Number(given);
  if (given.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new Error('must be a number of at least 0');
}

export function milliseconds(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = /^\d+$/.test(given) ? Number(given) : readDuration(given);
    if (value >= least && value <= most) return value;
    throw new Error(`must be from ${least} to ${most} ms, or text such as 5s`);
  };
}

function readDuration(given: string): number {
  try {
    return durationMs(given);
  } catch {
    return Number.NaN;
  }
}

export function yesOrNo(given: string): boolean {
  if (/^(?:true|1|yes|on)$/i.test(given)) return true;
  if (/^(?:false|0|no|off)$/i.test(given)) return false;
  throw new Error('must be true or false');
}

export function oneOf<const W extends string>(...words: readonly W[]): (given: string) => W {
  return (given) => {
    const found = words.find((word) => word === given.toLowerCase());
    if (found !== undefined) return found;
    const guess = didYouMean(given, words);
    throw new Error(
      `must be one of ${words.join(', ')}${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    );
  };
}
