import type { ChangeEvent, HistoryChange } from '../../core/changes/change.ts';

/* Server-Sent Events. @source HTML Living Standard, 9.2; ids have no line ends, and JSON none outside of strings. */

const utf8 = new TextEncoder();

/** Encoded once for all who get the same ones. */
const encoded = new WeakMap<readonly (ChangeEvent | HistoryChange)[], Uint8Array>();

export function encodeChanges(changes: readonly (ChangeEvent | HistoryChange)[]): Uint8Array {
  const before = encoded.get(changes);
  if (before !== undefined) return before;
  const made = utf8.encode(changes.map(eventOf).join(''));
  encoded.set(changes, made);
  return made;
}

function eventOf(change: ChangeEvent | HistoryChange): string {
  return `id: ${lineOf(change.id)}\nevent: ${change.kind}\ndata: ${JSON.stringify(change)}\n\n`;
}

/** The first words: that somebody is there, how long to wait before coming back, and from where on. */
export function greeting(place: string | undefined): Uint8Array {
  return utf8.encode(`: millrace\nretry: 1000\n${idOf(place)}\n`);
}

/** Nothing has happened, and the connection is there. */
export function heartbeat(place: string | undefined): Uint8Array {
  return utf8.encode(`: \n${idOf(place)}\n`);
}

function idOf(place: string | undefined): string {
  return place === undefined ? '' : `id: ${place}\n`;
}

/** Queues are named freely. */
function lineOf(id: string): string {
  return id.replaceAll(/[\0\r\n]/g, ' ');
}
