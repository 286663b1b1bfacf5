import { connect, type Socket } from 'node:net';

/** A connection on which a test may say whatever it wants. */
export interface RawClient {
  readonly socket: Socket;
  say(text: string): void;
  /** All that came until the other side closed. */
  readonly closed: Promise<string>;
  /** What came so far contains this. */
  heard(text: string): Promise<void>;
}

export function rawClient(url: string): RawClient {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  const waiting = new Set<() => void>();
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    for (const look of waiting) look();
  });
  // Being cut off is one of the answers that are expected.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => void socket.on('close', () => resolve(received)));
  return {
    socket,
    say: (text) => void socket.write(text, 'latin1'),
    closed,
    heard: (text) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!received.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void closed.then(() => reject(new Error(`closed after: ${received.slice(0, 300)}`)));
        look();
      }),
  };
}

/** How many answers stand in what was received. */
export function answersIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
