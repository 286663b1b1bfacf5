import type { Route } from '../http/route.ts';
import { AUDIT_ROUTES } from './audit.ts';
import { RUN_ROUTES } from './runs.ts';

/** Everything that can be called below `/api/v1`. */
export const ROUTES: readonly Route[] = [...RUN_ROUTES, ...AUDIT_ROUTES];
