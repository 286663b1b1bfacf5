import type { Patience } from '../api/store-failure.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';
import type { Store } from '../store/port/store.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { EngineLook } from './catalogue/engines.ts';

/** What the acts of this room work with: made by the composition root. */
export interface VersionDesk {
  readonly store: Store;
  readonly answered: Patience;
  readonly catalogue: Catalogue;
  readonly namespace: string;
  /** Who acts where nobody is named. */
  readonly by: string;
  /** Code that this process has registered. */
  readonly workflows: readonly AnyWorkflow[];
  /** Store time, ms. */
  storeTime(): number;
  /** The engines of the namespace that are there, with the definitions that they interpret. */
  readonly engines: EngineLook;
}
