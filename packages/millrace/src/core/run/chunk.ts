import type { ChunkHeader, PlacedEvent, RunEvent } from './event.ts';
import { requireReadable } from '../payload/unreadable.ts';

/**
 * The stored form of a chunk: the events that one plan appended. UTF-8 lines; JSON never contains a raw
 * newline.
 *
 *   {"at":1700000000000,"engine":"engine-1"}          header of the chunk
 *   {"type":"step-completed","ordinal":0,…}           an event …
 * = {"amount":17}                                   … and its payload, where it has one: encoded value after
 * `= `
 *
 * Payload text goes in and out verbatim, so appending costs no second stringify and replay parses only what
 * it needs.
 */
export function encodeChunk(header: ChunkHeader, events: readonly RunEvent[]): Uint8Array {
  let text = `{"at":${header.at},"engine":${JSON.stringify(header.engine)}}`;
  for (const event of events) {
    const { payload } = event;
    text += `\n${headOf(event)}`;
    if (payload !== undefined) text += `\n= ${payload}`;
  }
  // Several times as fast as a TextEncoder for texts as short as these.
  return Buffer.from(text);
}

/** An event without its payload. The most frequent one is written without a copy and a walk of its keys. */
function headOf(event: RunEvent): string {
  if (event.type === 'step-completed' && event.engine === undefined) {
    const { ordinal, name, attempt } = event;
    return `{"type":"step-completed","ordinal":${ordinal},"name":${JSON.stringify(name)},"attempt":${attempt}}`;
  }
  return JSON.stringify(event.payload === undefined ? event : { ...event, payload: undefined });
}

const FATAL = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The mark of what is no UTF-8 stands in few texts: only those are looked at twice. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const text = bytes.toString();
  return text.includes('\uFFFD') ? FATAL.decode(bytes) : text;
}

/**
 * Reads a chunk back. `seq` is the position of its first event. Throws on bytes that `encodeChunk` never
 * wrote: PAYLOAD_UNREADABLE where a key is missing.
 */
export function decodeChunk(seq: number, data: Uint8Array): PlacedEvent[] {
  requireReadable(data);
  const lines = textOf(data).split('\n');
  const header = JSON.parse(lines[0] as string) as ChunkHeader;
  const placed: PlacedEvent[] = [];
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as string;
    const event = JSON.parse(line) as RunEvent;
    const next = lines[at + 1];
    if (next?.startsWith('= ')) {
      event.payload = next.slice(2);
      at++;
    }
    placed.push({ seq: seq + placed.length, at: header.at, engine: header.engine, event });
  }
  return placed;
}

/** What the last event of a chunk carries: of a closed run's last chunk, its output or failure. */
export function closingPayload(chunk: { seq: number; data: Uint8Array } | undefined): string {
  const events = chunk === undefined ? [] : decodeChunk(chunk.seq, chunk.data);
  return events.at(-1)?.event.payload ?? 'null';
}
