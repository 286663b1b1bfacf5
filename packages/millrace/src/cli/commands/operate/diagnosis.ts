import type { EffectiveSetting } from '../../../config.ts';
import type { Durability } from '../../../store/port/store.ts';
import type { StoreAddress } from '../../connect/store-address.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly message: string;
}

/** Everything that `doctor` found. */
export interface Diagnosis {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly configuration: readonly EffectiveSetting[];
  readonly node: { readonly version: string; readonly platform: string };
  readonly store: StoreFindings;
}

/** What is known of a store. Null where it could not be asked. */
export interface StoreFindings {
  readonly url: string;
  readonly source: StoreAddress['source'];
  /** False, too, where an absent file could not be made. */
  readonly reachable: boolean;
  readonly name: string | null;
  readonly durability: Durability | null;
  /** Version of the schema that is there, and the one that this version of Millrace works with. */
  readonly schema: { readonly found: number; readonly needed: number } | null;
  /** This machine's clock minus the store's; within the uncertainty it counts as none. */
  readonly clock: { readonly differenceMs: number; readonly uncertaintyMs: number } | null;
  readonly engines: readonly EngineFindings[];
}

export interface EngineFindings {
  readonly engineId: string;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly lastBeatAt: string;
  readonly beatAgeMs: number;
}
