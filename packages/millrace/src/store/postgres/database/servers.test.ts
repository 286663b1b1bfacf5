import { expect, test } from 'vitest';
import { serversOf } from './servers.ts';

const address = { servers: ['postgres://u@127.0.0.1:1/a', 'postgres://u@127.0.0.1:2/b'], checked: true };

test('a connection that breaks before anybody listens to it ends nobody', () => {
  const { Client } = serversOf(address);
  const client = new Client();
  expect(client.emit('error', new Error('the server was stopped'))).toBe(true);
});

test('a server is left by what failed there, once', async () => {
  const servers = serversOf(address);
  expect(servers).toMatchObject({ size: 2 });
  const [one, other] = [new servers.Client(), new servers.Client()];
  const failing = Promise.allSettled([one.connect(), other.connect()]);
  expect(servers.current()).toBe(0);
  await failing;
  expect(servers.current(), 'the second failure is of a server that was left').toBe(1);
  const third = new servers.Client();
  expect([one.port, other.port, third.port]).toEqual([1, 1, 2]);
  await expect(third.connect()).rejects.toThrow('ECONNREFUSED');
  expect(servers.current(), 'after the last comes the first').toBe(0);
});
