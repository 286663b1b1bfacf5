import { BlockList, isIP } from 'node:net';

/** Networks as they are written: an address, or one with the length of its prefix. */
export function readNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/**
 * The address of whoever calls. What a proxy says of it counts only where the proxy is one of ours: of the addresses that it
 * forwards the last one that is none of ours, because all before that are the caller's own words.
 * @source MDN, X-Forwarded-For: selecting an IP address.
 */
export function callerOf(peer: string, forwarded: string | null, ours: BlockList): string {
  const chain = [...(forwarded ?? '').split(',').map((part) => part.trim()), plain(peer)].filter(isAddress);
  return chain.findLast((address) => !isOurs(address, ours)) ?? plain(peer);
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

function isOurs(address: string, ours: BlockList): boolean {
  return ours.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that came over a socket of IPv6 as it is written. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
