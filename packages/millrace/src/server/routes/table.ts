import type { Route } from '../http/route.ts';
import { AUDIT_ROUTES } from './audit.ts';
import { CLUSTER_ROUTES } from './cluster.ts';
import { DEPLOY_ROUTES } from './definitions/deploy.ts';
import { DEFINITION_READS } from './definitions/read.ts';
import { REROUTE_ROUTES } from './definitions/reroute.ts';
import { DETAIL_ROUTES } from './detail.ts';
import { EVENT_ROUTES } from './events.ts';
import { KEY_ROUTES } from './keys.ts';
import { LIMIT_ROUTES } from './limits.ts';
import { METRICS_ROUTES } from '../metrics/routes.ts';
import { PAUSING_ROUTES } from './pausing.ts';
import { QUEUE_ROUTES } from './queues.ts';
import { RUN_ACTS } from './runs/act.ts';
import { RUN_LOGS } from './runs/logs.ts';
import { RUN_READS } from './runs/read.ts';
import { START_ROUTES } from './runs/start.ts';

/** Everything that can be called by those who show who they are. */
export const ROUTES: readonly Route[] = [
  ...START_ROUTES,
  ...RUN_READS,
  ...RUN_LOGS,
  ...DETAIL_ROUTES,
  ...RUN_ACTS,
  ...PAUSING_ROUTES,
  ...DEPLOY_ROUTES,
  ...DEFINITION_READS,
  ...REROUTE_ROUTES,
  ...CLUSTER_ROUTES,
  ...QUEUE_ROUTES,
  ...LIMIT_ROUTES,
  ...EVENT_ROUTES,
  ...KEY_ROUTES,
  ...AUDIT_ROUTES,
  ...METRICS_ROUTES,
];
