import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asked, HeaderReader, Reply } from './exchange.ts';
import { tooLarge } from './body.ts';

/** A request as Node's own server brings it. */
export class Incoming implements Asked, HeaderReader {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderReader = this;
  private readonly incoming: IncomingMessage;
  private readonly outgoing: ServerResponse;
  private ending: AbortController | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.method = incoming.method ?? 'GET';
    const target = targetOf(incoming.url ?? '/');
    const mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
  }

  get(name: string): string | null {
    const { rawHeaders } = this.incoming;
    let found: string | null = null;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const each = rawHeaders[at] as string; // names and values by turns
      if (each.length !== name.length || each.toLowerCase() !== name) continue;
      const value = rawHeaders[at + 1] as string;
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  get peer(): string {
    return this.incoming.socket.remoteAddress ?? 'unknown';
  }

  /** Made where it is asked for. */
  get signal(): AbortSignal {
    if (this.ending !== undefined) return this.ending.signal;
    const ending = new AbortController();
    this.ending = ending;
    const { outgoing } = this;
    if (outgoing.destroyed) ending.abort();
    else
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) ending.abort();
      });
    return ending.signal;
  }

  readBytes(maxBytes: number): Promise<Uint8Array> {
    const { incoming } = this;
    return incoming.complete ? takeAll(incoming, maxBytes) : this.gather(maxBytes);
  }

  private gather(maxBytes: number): Promise<Uint8Array> {
    const { incoming } = this;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isOver = false;
      incoming.on('data', (chunk: Buffer) => {
        if (isOver) return; // what else comes is nobody's, and the answer can still be sent
        bytes += chunk.byteLength;
        if (bytes <= maxBytes) return void chunks.push(chunk);
        isOver = true;
        reject(tooLarge(maxBytes));
      });
      incoming.on('end', () => {
        isOver = true;
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      });
      // An error of the connection is followed by its end.
      incoming.on('close', () => {
        if (!isOver) reject(new Error('the connection ended before the body'));
      });
    });
  }
}

const NOTHING = new Uint8Array(0);

/** A small body is there as soon as its head. */
function takeAll(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const all = (incoming.read() as Buffer | null) ?? NOTHING; // without an encoding there are bytes
  return all.byteLength > maxBytes ? Promise.reject(tooLarge(maxBytes)) : Promise.resolve(all);
}

/** A target may name the server, too; of anything else no route has the form. @source RFC 9112, Request Target. */
function targetOf(url: string): string {
  if (url.startsWith('/')) return url;
  const absolute = URL.parse(url);
  return absolute === null ? url : absolute.pathname + absolute.search;
}

/** Sends a reply; a stream as fast as the connection takes it. */
export function send(
  { status, headers, body }: Reply,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  // Nobody reads the rest of a body that was refused: some of it is taken away, so that the reply arrives.
  if (!incoming.complete) outgoing.once('finish', () => discardRest(incoming));
  if (typeof body === 'object') return void sendStream(body.getReader(), { status, headers }, outgoing);
  if (body === undefined) {
    if (status !== 204 && status !== 304) headers['content-length'] = '0';
    outgoing.writeHead(status, headers);
    return void outgoing.end();
  }
  const bytes = Buffer.byteLength(body);
  headers['content-length'] = String(bytes);
  outgoing.writeHead(status, headers);
  // What is ASCII goes as it is, with the head.
  outgoing.end(body, bytes === body.length ? 'latin1' : 'utf8');
}

async function sendStream(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { status, headers }: Reply,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.once('close', () => void reader.cancel().catch(() => undefined));
  outgoing.writeHead(status, headers);
  // Of a HEAD nobody reads the stream: what stands behind it must know.
  if (outgoing.req.method === 'HEAD') {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      const { done, value } = await reader.read();
      if (done) break;
      // oxlint-disable-next-line no-await-in-loop
      if (!outgoing.write(value)) await drained(outgoing);
    }
    outgoing.end();
  } catch {
    outgoing.destroy(); // half an answer must not look like a whole one
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go);
      outgoing.off('close', go);
      resolve();
    };
    outgoing.once('drain', go);
    outgoing.once('close', go);
  });
}

const DISCARD_BYTES = 64 * 1024 * 1024;
const DISCARD_MS = 500;

/** Who still sends when the reply is out has a moment to notice; a connection that is cut at once may lose the reply. */
function discardRest(incoming: IncomingMessage): void {
  if (incoming.complete || incoming.destroyed) return;
  let bytes = 0;
  const cut = (): void => incoming.socket.destroySoon();
  const timer = setTimeout(cut, DISCARD_MS).unref();
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > DISCARD_BYTES) cut();
  });
  incoming.once('close', () => clearTimeout(timer));
  incoming.once('end', () => clearTimeout(timer));
  incoming.resume();
}
