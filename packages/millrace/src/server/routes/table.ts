import type { Route } from '../http/route.ts';
import { PAUSING_ROUTES } from './pausing.ts';
import { RUN_ROUTES } from './runs.ts';

/** Everything that can be called below `/api/v1`. */
export const ROUTES: readonly Route[] = [...RUN_ROUTES, ...PAUSING_ROUTES];
