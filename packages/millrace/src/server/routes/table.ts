import type { Route } from '../http/route.ts';
import { CLUSTER_ROUTES } from './cluster.ts';
import { QUEUE_ROUTES } from './queues.ts';
import { RUN_ROUTES } from './runs.ts';

/** Everything that can be called below `/api/v1`. */
export const ROUTES: readonly Route[] = [...RUN_ROUTES, ...CLUSTER_ROUTES, ...QUEUE_ROUTES];
