import type { MillraceOptions } from '../../api/options.ts';
import type { Configuration } from '../../core/configuration/settings.ts';
import { secretsFrom } from '../../executors/secrets/secrets.ts';
import type { Cli } from '../cli.ts';
import { logTo } from '../output/log-line.ts';

/** What the environment says to an engine; store and workflows are the command's own affair. */
export function workingOptions({ terminal }: Cli, configuration: Configuration): MillraceOptions {
  const { engineName, maxRetries, beatMs, leaseMs, logLevel, logFormat } = configuration;
  const { lockMs: lockTimeout, auditRetentionMs: auditRetention } = configuration;
  const { runLogLevel, runLogRetentionMs: runLogRetention } = configuration;
  const { queues, concurrency, stepConcurrency, supportedExecutors } = configuration;
  const { allowShell, httpAllowHosts, smtpUrl: url, smtpFrom: from } = configuration;
  const { region, labels, weight, expectedEngines, failover, strategy } = configuration;
  const { cpuWeight: cpu, memoryWeight: memory, workflowWeight: workflow } = configuration;
  return {
    ...(engineName === undefined ? {} : { name: engineName }),
    ...{ queues, concurrency, stepConcurrency, supportedExecutors },
    ...{ allowShell, httpAllowHosts, smtp: url === undefined ? undefined : { url, from } },
    secrets: secretsFrom(terminal.env, terminal.readFile),
    payloadKeys: configuration.payloadKeys,
    ...{ region, labels, weight, expectedEngines, failover, strategy },
    loadWeights: { cpu, memory, workflow },
    pool: { min: configuration.poolMin, max: configuration.poolMax },
    retry: { maxAttempts: maxRetries + 1 },
    beat: beatMs,
    lease: leaseMs,
    lockTimeout,
    auditRetention,
    ...{ runLogLevel, runLogRetention },
    log: logTo(terminal, { level: logLevel, format: logFormat }),
  };
}
