import { LABEL } from '../../program/program.ts';
import type { Store } from '../../../store/port/store.ts';

/** Runs are given to engines that do not carry what they demand. */
export function ignoreDemands(store: Store): Store {
  return { ...store, claimRuns: (request) => store.claimRuns({ ...request, traits: [LABEL] }) };
}
