import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { hostOf, portOf, type Guard } from './guard.ts';

/** One request, complete: names of headers in lower case. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string | string[]>;
  readonly body: Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As they came, still compressed. */
  readonly bytes: Buffer;
  /** There was more than `bytes`. */
  readonly isCut: boolean;
}

export interface Terms {
  readonly guard: Guard;
  readonly signal: AbortSignal;
  /** Of an answer that is read, whatever its status. */
  readonly maxBytes: number;
  /** Something came. */
  readonly heard: () => void;
}

/*
 * A connection of its own for each request: it is checked for this very URL, and none that somebody else has opened is
 * taken. An agent of our own heeds no proxy that the environment names.
 */
const HTTP = new HttpAgent({ keepAlive: false });
const HTTPS = new HttpsAgent({ keepAlive: false });

/** Sends one request and reads its answer; follows nothing. @throws ADDRESS_REFUSED, errors of the network. */
export async function exchange(hop: Hop, terms: Terms): Promise<Answer> {
  const response = await send(hop, terms);
  const parts: Buffer[] = [];
  let size = 0;
  // Leaving the loop early closes the connection.
  for await (const part of response as AsyncIterable<Buffer>) {
    terms.heard();
    parts.push(part);
    size += part.length;
    if (size > terms.maxBytes) break;
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes: Buffer.concat(parts).subarray(0, terms.maxBytes),
    isCut: size > terms.maxBytes,
  };
}

function send(
  { method, url, headers, body }: Hop,
  { guard, signal, heard }: Terms,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? httpsRequest : httpRequest)({
      ...{
        method,
        headers,
        signal,
        host: hostOf(url),
        port: portOf(url),
        path: `${url.pathname}${url.search}`,
      },
      agent: isSecure ? HTTPS : HTTP,
      lookup: guard.lookupFor(url),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      heard();
      resolve(response);
    });
    request.end(body);
  });
}
