import { describe, expect, it } from 'vitest';
import { forbidden } from './addresses.ts';

describe('addresses that requests reach', () => {
  it.each([
    ...[
      '1.1.1.1',
      '8.8.8.8',
      '172.15.0.1',
      '172.32.0.1',
      '100.63.255.255',
      '100.128.0.1',
      '11.0.0.1',
      '223.255.255.255',
    ],
    ...['2606:4700::1111', '2a00:1450:4001::1', '64:ff9b::8.8.8.8', '::ffff:8.8.8.8', '2002:808:808::1'],
  ])('%s', (address) => {
    expect(forbidden(address)).toBeUndefined();
  });
});

describe('addresses that no request reaches', () => {
  it.each([
    ['0.0.0.0', 'the unspecified address'],
    ['0.1.2.3', 'the unspecified address'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['10.0.0.1', 'a private address'],
    ['172.16.0.1', 'a private address'],
    ['172.31.255.255', 'a private address'],
    ['192.168.1.1', 'a private address'],
    ['169.254.169.254', 'a link-local address'],
    ['100.64.0.1', 'an address of the provider (CGNAT)'],
    ['100.100.100.200', 'an address of the provider (CGNAT)'],
    ['168.63.129.16', 'a metadata address'],
    ['192.0.0.192', 'a metadata address'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['255.255.255.255', 'a reserved address'],
    ['240.0.0.1', 'a reserved address'],
    ['198.18.0.1', 'a reserved address'],
    ['192.0.2.1', 'a reserved address'],
    ['::', 'the unspecified address'],
    ['::1', 'loopback'],
    ['fe80::1', 'a link-local address'],
    ['fe80::1%eth0', 'a link-local address'],
    ['fc00::1', 'a private address'],
    ['fd00:ec2::254', 'a private address'],
    ['fec0::1', 'a private address'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'a reserved address'],
    ['2001::1', 'a reserved address'],
    ['100::1', 'a reserved address'],
    ['5f00::1', 'a reserved address'],
    // Forms of IPv4 addresses.
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'a link-local address'],
    ['0:0:0:0:0:ffff:10.0.0.1', 'a private address'],
    ['::127.0.0.1', 'a reserved address'],
    ['::8.8.8.8', 'a reserved address'],
    ['::ffff:0:127.0.0.1', 'a reserved address'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['64:ff9b::a9fe:a9fe', 'a link-local address'],
    ['64:ff9b:1::a00:1', 'a reserved address'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:a9fe:a9fe::1', 'a link-local address'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'a reserved address'],
    ['localhost', 'not an address'],
  ])('%s is %s', (address, kind) => {
    expect(forbidden(address)).toBe(kind);
  });
});
