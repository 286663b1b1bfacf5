import { BlockList, isIP } from 'node:net';

/** Address ranges that requests do not reach, by what they are. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  'the unspecified address': ['0.0.0.0/8', '::/128'],
  loopback: ['127.0.0.0/8', '::1/128'],
  'a private address': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  'a link-local address': ['169.254.0.0/16', 'fe80::/10'],
  'an address of the provider (CGNAT)': ['100.64.0.0/10'],
  // The first is public by its number, and answers to virtual machines alone.
  'a metadata address': ['168.63.129.16/32', '192.0.0.0/24'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  'a reserved address': [
    ...[
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
    ],
    // Among them Teredo, whose addresses hide an IPv4 address that cannot be trusted.
    ...['2001::/23', '2001:db8::/32', '3fff::/20'],
  ],
};

const LISTS = Object.entries(RANGES).map(([kind, ranges]) => ({ kind, list: listOf(ranges) }));
/** Whatever lies outside it is no host on the public network. */
const GLOBAL_UNICAST = listOf(['2000::/3']);

/**
 * What an address is that must not be reached; undefined for one that may. IPv6 addresses that carry an IPv4 address
 * (mapped, NAT64, 6to4) are what that is.
 * @param address - as resolvers and URLs write it.
 */
export function forbidden(address: string): string | undefined {
  const plain = address.replace(/%.*$/, '');
  const family = isIP(plain);
  if (family === 0) return 'not an address';
  if (family === 4) return kindOf(plain, 'ipv4');
  const groups = groupsOf(plain);
  const carried = carriedAddress(groups);
  if (carried !== undefined) return forbidden(carried);
  const kind = kindOf(plain, 'ipv6');
  return kind ?? (GLOBAL_UNICAST.check(plain, 'ipv6') ? undefined : 'a reserved address');
}

function kindOf(address: string, family: 'ipv4' | 'ipv6'): string | undefined {
  return LISTS.find(({ list }) => list.check(address, family))?.kind;
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

function carriedAddress(groups: readonly number[]): string | undefined {
  const starts = (...prefix: readonly number[]): boolean => prefix.every((group, at) => groups[at] === group);
  if (starts(0, 0, 0, 0, 0, 0xffff) || starts(0x64, 0xff9b, 0, 0, 0, 0)) return ipv4Of(groups, 6);
  return starts(0x2002) ? ipv4Of(groups, 1) : undefined;
}

function ipv4Of(groups: readonly number[], at: number): string {
  const [high = 0, low = 0] = groups.slice(at);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address; URLs write the one shape that is easy to take apart. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const first = numbersOf(head);
  if (tail === undefined) return first;
  const last = numbersOf(tail);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

function numbersOf(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}
