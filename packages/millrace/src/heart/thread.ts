import { parentPort, workerData } from 'node:worker_threads';
import { decodeLoad, encodeLoad } from '../core/cluster/load.ts';
import type { Store } from '../store/port/store.ts';
import type { HeartSettings, Note } from './heart.ts';

/*
 * The thread of `heart.ts`. It looks twice a beat whether the loop has noted a beat of its own lately, and beats in its
 * place where it has not. Its beats tell how late the loop is. Most threads never beat: the store, its code and its
 * connection come with the first beat.
 */
// Given by `heart.ts`, in this version of the program.
const { url, beatMs, leaseMs, turns } = workerData as HeartSettings;
/** A loop that is late by less than half a beat catches up by itself. */
const LATE_MS = beatMs * 1.5;

let store: Promise<Store> | undefined;
let note: Note | undefined;
let beatenAt = performance.now();
let turnsSeen = -1;
let turnedAt = beatenAt;

parentPort?.on('message', (said: Note | undefined) => {
  if (said === undefined) {
    clearInterval(timer);
    parentPort?.close();
    store?.then((opened) => opened.close()).catch(() => undefined);
    return;
  }
  note = said;
  beatenAt = performance.now();
});

const timer = setInterval(look, beatMs / 2);
parentPort?.postMessage('ready');

function look(): void {
  const now = performance.now();
  const seen = Atomics.load(turns, 0);
  if (seen !== turnsSeen) {
    turnsSeen = seen;
    turnedAt = now;
  }
  const stuckMs = now - turnedAt;
  if (note === undefined || now - beatenAt < LATE_MS || stuckMs >= leaseMs) return;
  // The next one is due a beat later.
  beatenAt = now - (LATE_MS - beatMs);
  const load = decodeLoad(note.load);
  const late = encodeLoad({ ...load, loopLagMs: Math.max(load.loopLagMs, Math.round(stuckMs)) });
  // A beat that is lost is like one that came too late: there will be others.
  beat(note.engineId, late).catch(() => undefined);
}

async function beat(engineId: string, load: Uint8Array): Promise<void> {
  store ??= open();
  await (await store).beat(engineId, load);
}

async function open(): Promise<Store> {
  try {
    const { openStore } = await import('../open-store.ts');
    return await openStore(url);
  } catch (error) {
    store = undefined;
    throw error;
  }
}
