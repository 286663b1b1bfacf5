import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { fakeStep, type FakeStep } from '../pool/fake-processes.ts';
import { builtInExecutors, type ExecutorSettings } from '../../src/executors/built-in.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface LocalServer {
  readonly host: string;
  readonly url: string;
  readonly received: readonly Received[];
}

let close: (() => Promise<void>)[] = [];

afterEach(async () => {
  const all = close;
  close = [];
  await Promise.all(all.map((one) => one()));
});

/** A server on loopback that is gone when the test is. */
export async function serve(
  answer: (response: ServerResponse, request: Received) => void,
  host = '127.0.0.1',
): Promise<LocalServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const whole = { method, url, headers, body: String(Buffer.concat(parts)) };
      received.push(whole);
      answer(response, whole);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  close.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { host: `${name}:${port}`, url: `http://${name}:${port}`, received };
}

const SETTINGS: ExecutorSettings = {
  allowShell: false,
  httpAllowHosts: [],
  smtp: undefined,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** One call of a built-in executor. */
export async function call(
  name: string,
  input: unknown,
  settings: Partial<ExecutorSettings> = {},
  step: FakeStep = fakeStep(),
): Promise<unknown> {
  const executor = builtInExecutors({ ...SETTINGS, ...settings })[name];
  // Executors take what they are given, and check it.
  return executor?.(input as never, step);
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it was fulfilled with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
