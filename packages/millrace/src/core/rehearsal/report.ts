import type { RunStatus } from '../status.ts';
import { choicesFor, type Choice } from './choices.ts';
import type { Breach } from './rehearse.ts';

/** What became of one rehearsal, in plain data. */
export type Verdict =
  | { readonly outcome: 'agrees' }
  /** It has ended meanwhile. */
  | { readonly outcome: 'ended' }
  | ({ readonly outcome: 'breaks'; readonly at: string } & Omit<Breach, 'code'> & {
        readonly code: BreachCode;
      });

/** `UNREADABLE`: its history cannot be read · `UNRESPONSIVE`: the program never came back. */
export type BreachCode = Breach['code'] | 'UNREADABLE' | 'UNRESPONSIVE';

/** Which open run was looked at. */
export interface Rehearsed {
  readonly runId: string;
  readonly key: string | undefined;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
}

/** What a new build would do to the runs that are open. */
export interface PreflightReport {
  /** No run would break. */
  readonly ok: boolean;
  readonly runs: number;
  readonly agreeing: number;
  readonly breaking: number;
  /** Of a version that the build has not. */
  readonly stranded: number;
  /** By workflow and version. */
  readonly versions: readonly VersionReport[];
  /** As many as were asked for, the newest first. */
  readonly breaks: readonly BreakingRun[];
  /** What can be done about them; none where nothing breaks and nothing is stranded. */
  readonly choices: readonly Choice[];
}

export interface VersionReport {
  readonly workflow: string;
  readonly version: string;
  /** The version of the build that its runs were held against; null: it has none for them. */
  readonly against: string | null;
  readonly agreeing: number;
  readonly breaking: number;
  readonly stranded: number;
}

export interface BreakingRun {
  readonly runId: string;
  readonly key: string | null;
  readonly workflow: string;
  readonly version: string;
  readonly against: string;
  readonly status: RunStatus;
  /** The command at which program and history part. */
  readonly at: string;
  /** The event of history; null where the program goes wrong after the last one. */
  readonly seq: number | null;
  readonly code: BreachCode;
  readonly message: string;
  readonly expected: string;
  readonly actual: string;
}

/** Counts what was looked at; keeps the particulars of at most `most` runs that break. */
export class PreflightTally {
  private readonly most: number;
  private readonly versions: Map<string, Counts> = new Map();
  private readonly breaks: BreakingRun[] = [];

  constructor(most: number) {
    this.most = most;
  }

  get runs(): number {
    return this.sum('agreeing') + this.sum('breaking') + this.sum('stranded');
  }
  get breaking(): number {
    return this.sum('breaking');
  }

  /** @param against - the version of the build that it was held against. */
  add(run: Rehearsed, against: string, verdict: Verdict): void {
    if (verdict.outcome === 'ended') return;
    const counts = this.countsOf(run, against);
    if (verdict.outcome === 'agrees') counts.agreeing++;
    else {
      counts.breaking++;
      if (this.breaks.length < this.most) this.breaks.push(breakingRun(run, against, verdict));
    }
  }

  /** The build has no version for it. */
  addStranded(run: Rehearsed): void {
    this.countsOf(run, null).stranded++;
  }

  report(): PreflightReport {
    const versions = [...this.versions.values()].toSorted(byName);
    const { runs, breaking } = this;
    const stranded = versions.find((counts) => counts.stranded > 0);
    return {
      ok: breaking === 0,
      runs,
      agreeing: this.sum('agreeing'),
      breaking,
      stranded: this.sum('stranded'),
      versions,
      breaks: this.breaks,
      choices: choicesFor(this.breaks[0], stranded),
    };
  }

  private sum(part: 'agreeing' | 'breaking' | 'stranded'): number {
    let total = 0;
    for (const counts of this.versions.values()) total += counts[part];
    return total;
  }

  private countsOf({ workflow, version }: Rehearsed, against: string | null): Counts {
    const id = `${workflow} ${version}`;
    const known = this.versions.get(id);
    if (known !== undefined) return known;
    const counts = { workflow, version, against, agreeing: 0, breaking: 0, stranded: 0 };
    this.versions.set(id, counts);
    return counts;
  }
}

type Counts = { -readonly [K in keyof VersionReport]: VersionReport[K] };

function breakingRun(
  { runId, key, workflow, version, status }: Rehearsed,
  against: string,
  { at, code, message, expected, actual, seq }: Extract<Verdict, { outcome: 'breaks' }>,
): BreakingRun {
  const run = { runId, key: key ?? null, workflow, version, against, status };
  return { ...run, at, seq: seq ?? null, code, message, expected, actual };
}

function byName(a: VersionReport, b: VersionReport): number {
  return compare(a.workflow, b.workflow) || compare(a.version, b.version);
}

const { compare } = new Intl.Collator('en', { numeric: true });
