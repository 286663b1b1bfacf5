import { METRICS_TYPE } from '../../observe/metrics.ts';
import { route, type Route } from '../http/route.ts';
import { metricsOf } from './count.ts';

const readMetrics = route({
  method: 'get',
  path: '/metrics',
  atRoot: true,
  name: 'readMetrics',
  summary: 'Metrics of this process and of the queues of the namespace, for Prometheus.',
  tag: 'metrics',
  permission: 'read',
  answers: { 200: { description: 'The text format of Prometheus', type: METRICS_TYPE } },
  async handle(_, { millrace }) {
    return { status: 200, headers: { 'content-type': METRICS_TYPE }, text: await metricsOf(millrace).text() };
  },
});

export const METRICS_ROUTES: readonly Route[] = [readMetrics];
