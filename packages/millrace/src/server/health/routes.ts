import { Hono } from 'hono';
import type { Health } from './health.ts';

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** Paths at the root that need no key. */
export function healthRoutes(health: Health): Hono {
  const app = new Hono();
  const live = async (): Promise<Response> => answer(200, await health.report());
  const ready = async (): Promise<Response> => {
    const report = await health.ready();
    return answer(report.status === 'ready' ? 200 : 503, report);
  };
  for (const path of ['/health', '/healthz', '/livez']) app.get(path, live);
  for (const path of ['/ready', '/readyz']) app.get(path, ready);
  return app;
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: HEADERS });
}
