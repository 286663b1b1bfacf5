import type { Route } from '../http/route.ts';
import { DETAIL_ROUTES } from './detail.ts';
import { LIMIT_ROUTES } from './limits.ts';
import { RUN_ROUTES } from './runs.ts';

/** Everything that can be called below `/api/v1`. */
export const ROUTES: readonly Route[] = [...RUN_ROUTES, ...DETAIL_ROUTES, ...LIMIT_ROUTES];
