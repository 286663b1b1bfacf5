import type { Millrace } from '../../millrace.ts';
import { type Metrics, openMetrics } from '../../observe/metrics.ts';
import type { Seen } from '../http/app.ts';
import { addressOf } from '../http/route.ts';
import type { Tenants } from '../tenants.ts';

const opened = new WeakMap<Millrace, Metrics>();

/** Counted from the first time on that somebody asks for them, and once however many servers there are. */
export function metricsOf(millrace: Millrace): Metrics {
  let metrics = opened.get(millrace);
  if (metrics === undefined) {
    metrics = openMetrics(millrace);
    opened.set(millrace, metrics);
  }
  return metrics;
}

/** Counts requests, each in the namespace of its caller; those of callers that nobody knows are nobody's. */
export function countRequests(tenants: Tenants): (seen: Seen, status: number) => void {
  for (const millrace of tenants) metricsOf(millrace);
  return ({ route, principal, arrivedAt }, status) => {
    if (principal === undefined || !tenants.names.includes(principal.namespace)) return;
    const metrics = metricsOf(tenants.of(principal.namespace));
    const ms = performance.now() - arrivedAt;
    metrics.answered({ method: route.method.toUpperCase(), route: addressOf(route), status, ms });
  };
}
