import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { Millrace, type ErrorCode, type MillraceOptions, type Run } from '../../src/index.ts';

/** Where the engines of a test find their store. */
export interface Stores {
  /** For one engine. */
  alone(): string;
  /** For several. */
  shared(): string;
  /** After each test, when its engines are closed. */
  clear(): Promise<void>;
}

let folders: string[] = [];

const SQLITE: Stores = {
  alone: () => 'sqlite::memory:',
  shared() {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-engines-'));
    folders.push(folder);
    return `file:${join(folder, 'millrace.db')}`;
  },
  async clear() {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    folders = [];
  },
};

let stores = SQLITE;

/** From now on the tests of this file run on these stores. */
export function useStores(other: Stores): void {
  stores = other;
}

let usually: MillraceOptions = {};

/** From now on the engines of this file are opened with these options besides. */
export function useOptions(more: MillraceOptions): void {
  usually = more;
}

/** Engines of one test in this process; all are closed, and what they stored is removed, when it ends. */
let opened: Millrace[] = [];

afterEach(async () => {
  const engines = opened;
  opened = [];
  await Promise.all(engines.map((millrace) => millrace.close({ grace: 0 })));
  await stores.clear();
});

/**
 * Opens Millrace on a store of its own unless told otherwise; steps are tried once unless they say more, and runs stay
 * where they are started, however busy the machine is.
 */
export async function open(options: MillraceOptions = {}): Promise<Millrace> {
  const usual = { store: stores.alone(), retry: false, idlePoll: 50, strategy: 'locality' } as const;
  const millrace = await Millrace.open({ ...usual, ...usually, ...options });
  opened.push(millrace);
  return millrace;
}

/** The address of a store that several engines of this test can share. */
export function sharedStore(): string {
  return stores.shared();
}

/** Waits until a run stands as asked. */
export async function until(run: Run, status: string): Promise<void> {
  await expect.poll(async () => (await run.describe()).status, { interval: 5, timeout: 5_000 }).toBe(status);
}

/** What a refusal looks like: its code, and a message of this form. */
export function refusal(code: ErrorCode, message = /./): Error {
  return expect.objectContaining({ code, message: expect.stringMatching(message) }) as Error;
}

/** The types of a run's history, in order. */
export async function typesOf(run: Run): Promise<string[]> {
  return (await run.history()).map(({ type }) => type);
}

/** Something that a test holds back until it lets it happen. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
