import { describe, expect, it } from 'vitest';
import { callerOf, readNetworks } from './remote.ts';

const OURS = readNetworks(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

describe('the address of a caller', () => {
  it.each([
    ['its own, where nothing is forwarded', '203.0.113.7', null, '203.0.113.7'],
    ['its own, whatever it claims to forward', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['what our proxy says', '127.0.0.1', '203.0.113.7', '203.0.113.7'],
    [
      'what our proxy says, not what came with the request',
      '127.0.0.1',
      '1.1.1.1, 203.0.113.7',
      '203.0.113.7',
    ],
    ['found behind several of ours', '10.1.2.3', '203.0.113.7, 10.0.0.9', '203.0.113.7'],
    ['found behind ours of IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['as it is written, over a socket of both kinds', '::ffff:127.0.0.1', '203.0.113.7', '203.0.113.7'],
    [
      'that of the proxy, where it says nothing that is an address',
      '127.0.0.1',
      'unknown, <script>',
      '127.0.0.1',
    ],
  ])('is %s', (_, peer, forwarded, expected) => {
    expect(callerOf(peer, forwarded, OURS)).toBe(expected);
  });
});
