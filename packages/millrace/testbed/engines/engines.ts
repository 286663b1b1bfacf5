import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { Millrace, type ErrorCode, type MillraceOptions, type Run } from '../../src/index.ts';

/** Engines of one test in this process; all are closed, and their files removed, when it ends. */
let opened: Millrace[] = [];
let folders: string[] = [];

afterEach(async () => {
  const [engines, files] = [opened, folders];
  opened = [];
  folders = [];
  await Promise.all(engines.map((millrace) => millrace.close({ grace: 0 })));
  for (const folder of files) rmSync(folder, { recursive: true, force: true });
});

/** Opens Millrace, in memory unless told otherwise; steps are tried once unless they say more. */
export async function open(options: MillraceOptions = {}): Promise<Millrace> {
  const millrace = await Millrace.open({ store: 'sqlite::memory:', retry: false, idlePoll: 50, ...options });
  opened.push(millrace);
  return millrace;
}

/** The address of a store that several engines of this test can share. */
export function sharedFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-engines-'));
  folders.push(folder);
  return `file:${join(folder, 'millrace.db')}`;
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
