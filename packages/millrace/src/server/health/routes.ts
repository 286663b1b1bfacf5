import type { Reply } from '../wire/exchange.ts';
import { jsonReply } from '../http/reply.ts';
import type { Health } from './health.ts';

/** What is read at the root of a server, by path; it needs no key. */
export type Pages = ReadonlyMap<string, () => Promise<Reply> | Reply>;

export function healthPages(health: Health): Pages {
  const live = async (): Promise<Reply> => jsonReply(200, JSON.stringify(await health.report()));
  const ready = async (): Promise<Reply> => {
    const report = await health.ready();
    return jsonReply(report.status === 'ready' ? 200 : 503, JSON.stringify(report));
  };
  return new Map([
    ['/health', live],
    ['/healthz', live],
    ['/livez', live],
    ['/ready', ready],
    ['/readyz', ready],
  ]);
}
