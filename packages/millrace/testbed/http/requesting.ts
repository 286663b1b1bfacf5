import { tooLarge } from '../../src/server/wire/body.ts';
import type { Asked, Handler } from '../../src/server/wire/exchange.ts';

/** Asks the application without a socket. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

export function requesting(handler: Handler): Ask {
  return async (path, init) => {
    const request = new Request(new URL(path, 'http://localhost'), init);
    const { status, headers, body } = await handler(askedOf(request));
    const isBare = status === 204 || status === 304 || request.method === 'HEAD';
    return new Response(isBare ? null : (body ?? null), { status, headers });
  };
}

function askedOf(request: Request): Asked {
  const { pathname, search } = new URL(request.url);
  const { method, headers, signal } = request;
  return {
    ...{ method, headers, signal, path: pathname, query: search.slice(1), peer: 'unknown' },
    readBytes: (maxBytes) => readStream(request.body, maxBytes),
  };
}

async function readStream(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
