import type { Executor } from '../core/workflow/context.ts';
import type { ExecutorSettings } from './outside.ts';
import { delay, fail, log, noop } from './simple.ts';

export type { ExecutorSettings } from './outside.ts';

/** The executors that every engine has; what each takes and gives: docs/guides/executors.md. */
export function builtInExecutors(settings: ExecutorSettings): Record<string, Executor> {
  const { httpAllowHosts, resolve, smtp } = settings;
  const guard = async () => (await import('./http/guard.ts')).createGuard(httpAllowHosts, resolve);
  return {
    noop,
    delay: delay(settings.after),
    log,
    fail,
    'http.request': later(async () => (await import('./http/request.ts')).httpRequest(await guard())),
    'webhook.post': later(async () => (await import('./http/webhook.ts')).webhookPost(await guard())),
    'email.send': later(async () => (await import('./email.ts')).emailSend(smtp)),
    'shell.run': later(async () => (await import('./shell.ts')).shellRun(settings)),
  };
}

/** What reaches outside is loaded when it is first called: most engines call little of it. */
function later(load: () => Promise<Executor>): Executor {
  let loading: Promise<Executor> | undefined;
  return async (input, step) => {
    loading ??= load();
    return (await loading)(input, step);
  };
}
