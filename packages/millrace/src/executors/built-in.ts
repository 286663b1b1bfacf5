import type { Executor } from '../core/workflow/context.ts';
import { emailSend } from './email.ts';
import { createGuard } from './http/guard.ts';
import { httpRequest } from './http/request.ts';
import { webhookPost } from './http/webhook.ts';
import type { ExecutorSettings } from './outside.ts';
import { shellRun } from './shell.ts';
import { delay, fail, log, noop } from './simple.ts';

export type { ExecutorSettings } from './outside.ts';

/** The executors that every engine has; what each takes and gives: docs/guides/executors.md. */
export function builtInExecutors(settings: ExecutorSettings): Record<string, Executor> {
  const guard = createGuard(settings.httpAllowHosts, settings.resolve);
  return {
    noop,
    delay: delay(settings.after),
    log,
    fail,
    'http.request': httpRequest(guard),
    'webhook.post': webhookPost(guard),
    'email.send': emailSend(settings.smtp),
    'shell.run': shellRun(settings),
  };
}
