/*
 * The seam between the application and whatever brings its requests. A request is what came over the wire, and nothing is
 * made of it before somebody asks: the objects of the platform's Fetch cost as much as all that the API does of its own.
 */

/** Headers as they are looked up: names in lower case, what is given twice joined by a comma, null where there is none. */
export interface HeaderReader {
  get(name: string): string | null;
}

/** A request. */
export interface Asked {
  /** In upper case. */
  readonly method: string;
  /** As it was sent: nothing in it is decoded. */
  readonly path: string;
  /** What follows the question mark; empty where there is none. */
  readonly query: string;
  readonly headers: HeaderReader;
  /** Address of the peer; `unknown` where there is no connection. */
  readonly peer: string;
  /** Ends with the connection. */
  readonly signal: AbortSignal;
  /** The body, none where there is none. Once. @throws PAYLOAD_TOO_LARGE before more than `maxBytes` are here. */
  readBytes(maxBytes: number): Promise<Uint8Array>;
}

/** What is sent back. */
export interface Reply {
  readonly status: number;
  /** Its own: whoever sends it adds what he knows. */
  readonly headers: Record<string, string>;
  readonly body?: string | ReadableStream<Uint8Array> | undefined;
}

/** Answers requests; never rejects. */
export type Handler = (asked: Asked) => Promise<Reply>;
