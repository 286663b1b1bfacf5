import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What has come to the server. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply = (response: ServerResponse, seen: Seen) => void;

/** A server that answers with what it is told, one reply for each request, the last one for all further ones. */
export interface FaultServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  close(): void;
}

export function openFaultServer(...replies: readonly Reply[]): Promise<FaultServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body };
    seen.push(one);
    replies[Math.min(seen.length, replies.length) - 1]?.(response, one);
  };
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = (): void => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ url: `http://127.0.0.1:${port}`, seen, close });
    });
  });
}

/** Cuts the connection before anything is answered. */
export const cut: Reply = (response) => void response.destroy();

/** Cuts it in the middle of an answer. */
export const cutInside: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"runId":', () => response.destroy());
};

export const silent: Reply = () => {};

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A stream of events that then ends, is cut, or stays open. */
export function stream(text: string, then: 'end' | 'cut' | 'stay' = 'end'): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => {
      if (then === 'end') response.end();
      if (then === 'cut') response.destroy();
    });
  };
}
