import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a server on which one answer can be lost. */
export interface LossyLine {
  readonly port: number;
  /**
   * At the next message of a client that contains this text: `answer` passes the message on and cuts the line at the
   * first byte of the answer; `question` cuts it before the server has seen the message. Once.
   */
  cut(what: 'question' | 'answer', text: string): void;
  close(): Promise<void>;
}

export async function openLossyLine(target: { host: string; port: number }): Promise<LossyLine> {
  let trap: { what: 'question' | 'answer'; text: string } | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    let deaf = false;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      if (trap !== undefined && data.includes(trap.text)) {
        const { what } = trap;
        trap = undefined;
        if (what === 'question') return end();
        deaf = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (deaf) end();
      else client.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // A TCP server's address is never text.
    cut: (what, text) => {
      trap = { what, text };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
