import type { PayloadKey } from '../../core/payload/payload-keys.ts';
import { checkOptions, MillraceError } from '../../core/errors.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { Store } from '../../store/port/store.ts';
import { checkWorkflow } from '../start-request.ts';
import { createBuild } from './build.ts';
import type { PreflightParts } from './preflight.ts';
import { rehearseHere } from './rehearser.ts';

/** What a new build is, and which runs it is held against. */
export interface PreflightOptions {
  /** Address of the store, or a store of the caller. Default: DATABASE_URL. */
  readonly store?: string | Store | undefined;
  /** All versions that the build registers. */
  readonly workflows: readonly AnyWorkflow[];
  /** Default `default`. */
  readonly namespace?: string | undefined;
  /** Of the engines, so that what is encrypted can be read. */
  readonly payloadKeys?: readonly PayloadKey[] | undefined;
  /** `NAME@VERSION`: all open runs of that workflow are held against that version, whatever theirs is. */
  readonly as?: readonly string[] | undefined;
  /** How many runs that would break are told one by one. Default 1,000. */
  readonly limit?: number | undefined;
  /** Hears how many runs were looked at so far, and how many of them would break. */
  readonly onProgress?: ((runs: number, breaking: number) => void) | undefined;
}

const OPTIONS = ['store', 'workflows', 'namespace', 'payloadKeys', 'as', 'limit', 'onProgress'];
export const BREAKS_TOLD = 1_000;

/** @param drained - resolves when every microtask that is due has run. */
export function preflightParts(
  options: PreflightOptions,
  drained: () => Promise<void>,
): PreflightParts<AnyWorkflow> {
  checkOptions('preflight', options, OPTIONS);
  const { workflows, namespace = 'default', as, limit = BREAKS_TOLD, onProgress } = options;
  for (const workflow of workflows) checkWorkflow(workflow);
  if (!Number.isInteger(limit) || limit < 0) {
    const remedy = 'Pass a whole number, 0 or more.';
    throw new MillraceError('INVALID_ARGUMENT', `preflight: limit is ${String(limit)}`, { remedy });
  }
  const build = createBuild(workflows, as);
  return { namespace, build, rehearse: rehearseHere(drained), most: limit, onProgress };
}
