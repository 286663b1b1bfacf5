import type { Failure } from '../../core/failure.ts';
import type { Verdict } from '../../core/rehearsal/report.ts';
import type { HistoryChunk } from '../../store/port/store.ts';

/** What the thread is given when it starts. */
export interface ThreadSettings {
  readonly files: readonly string[];
}

export interface ToThread {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly runId: string;
  readonly chunks: readonly HistoryChunk[];
}

export type FromThread =
  /** The build is loaded, and has these. */
  | { readonly kind: 'ready'; readonly workflows: readonly { name: string; version: string }[] }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'verdict'; readonly id: number; readonly verdict: Verdict };
