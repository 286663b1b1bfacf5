import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfiguration, type Environment } from './config.ts';
import { NO_QUOTA } from './core/configuration/quotas.ts';
import type { Setting } from './core/configuration/setting.ts';
import { SETTINGS } from './core/configuration/settings.ts';

function read(env: Environment, files: Readonly<Record<string, string>> = {}) {
  return readConfiguration(env, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  });
}
function sourceOf(env: Environment, name: string) {
  return read(env).effective.find((setting) => setting.name === name);
}

/** 32 bytes. */
const KEY = `${'A'.repeat(43)}=`;

describe('the environment', () => {
  it('may be empty', () => {
    const { configuration, problems, warnings, effective } = read({});
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(configuration).toEqual({
      store: undefined,
      engineName: undefined,
      module: undefined,
      queues: undefined,
      concurrency: 1000,
      stepConcurrency: 1000,
      poolMin: 2,
      poolMax: 10,
      supportedExecutors: undefined,
      ...{ allowShell: false, httpAllowHosts: [], smtpUrl: undefined, smtpFrom: undefined },
      payloadKeys: [],
      region: undefined,
      labels: [],
      weight: 1,
      strategy: 'load-balanced',
      ...{ cpuWeight: 0.3, memoryWeight: 0.3, workflowWeight: 0.4 },
      expectedEngines: [],
      maxRetries: 3,
      beatMs: 1000,
      leaseMs: 5000,
      lockMs: 300_000,
      auditRetentionMs: 34_560_000_000,
      ...{ runLogLevel: 'info', runLogRetentionMs: 2_592_000_000 },
      failover: true,
      ...{ apiKeys: [], jwtIssuer: undefined, jwtAudience: undefined, jwksUrl: undefined },
      ...{ quotaOpenRuns: NO_QUOTA, quotaStartsPerSecond: NO_QUOTA, quotaPayloadBytes: NO_QUOTA },
      ...{ maxRequests: 1024, maxNamespaceRequests: 128 },
      logLevel: 'info',
      logFormat: 'text',
      ...{ host: '127.0.0.1', port: 7400, namespaces: ['default'], distributed: true },
      trustedProxies: [],
      ...{ hostName: undefined, profile: 'development' },
    });
    expect(effective.every(({ source }) => source === 'default')).toBe(true);
  });

  it('sets every value', () => {
    const { configuration, problems } = read({
      DATABASE_URL: 'postgres://localhost/shop',
      NODE_ID: 'engine-1',
      MILLRACE_MODULE: './shop.ts',
      QUEUES: 'fast, slow',
      MAX_CONCURRENT_WORKFLOWS: '10',
      MAX_CONCURRENT_NODES: '50',
      AUTO_SCALE_MIN: '1',
      AUTO_SCALE_MAX: '3',
      SUPPORTED_EXECUTORS: 'mail.send,pay',
      ALLOW_SHELL: 'true',
      HTTP_ALLOW_HOSTS: 'localhost:8080, [::1]:80',
      SMTP_URL: 'smtp://u:secret@mail.test:587',
      SMTP_FROM: 'Shop <shop@mail.test>',
      PAYLOAD_KEYS: `k1:${KEY}`,
      REGION: 'eu-west',
      ENGINE_LABELS: 'gpu, pci',
      ENGINE_WEIGHT: '3',
      ASSIGNMENT_STRATEGY: 'Round-Robin',
      CPU_WEIGHT: '1',
      MEMORY_WEIGHT: '0',
      WORKFLOW_WEIGHT: '0.25',
      CLUSTER_SEEDS: 'engine-1,engine-2',
      ENABLE_FAILOVER: 'False',
      MAX_RETRIES: '0',
      HEARTBEAT_INTERVAL: '30000',
      FAILURE_DETECTION_TIMEOUT: '90s',
      LOCK_TIMEOUT: '2m',
      API_KEYS: 'admin@shop:secret-1',
      JWT_ISSUER: 'https://issuer.test',
      JWT_AUDIENCE: 'shop',
      JWKS_URL: 'https://issuer.test/keys',
      QUOTA_OPEN_RUNS: '100',
      QUOTA_STARTS_PER_SECOND: 'shop=5',
      QUOTA_PAYLOAD_BYTES: '1000, shop=500',
      MAX_REQUESTS: '20',
      MAX_NAMESPACE_REQUESTS: '10',
      AUDIT_RETENTION: '90d',
      RUN_LOG_LEVEL: 'Off',
      RUN_LOG_RETENTION: '7d',
      LOG_LEVEL: 'WARN',
      LOG_FORMAT: 'json',
      HOST: '[::1]',
      PORT: '8080',
      NAMESPACES: 'shop,bank',
      TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8, 192.0.2.1',
      DISTRIBUTED_MODE: 'false',
      HOSTNAME: 'node-7',
      NODE_ENV: 'production',
    });
    expect(problems).toEqual([]);
    expect(configuration).toEqual({
      store: 'postgres://localhost/shop',
      engineName: 'engine-1',
      module: './shop.ts',
      queues: ['fast', 'slow'],
      concurrency: 10,
      stepConcurrency: 50,
      poolMin: 1,
      poolMax: 3,
      supportedExecutors: ['mail.send', 'pay'],
      ...{ allowShell: true, httpAllowHosts: ['localhost:8080', '[::1]:80'] },
      ...{ smtpUrl: 'smtp://u:secret@mail.test:587', smtpFrom: 'Shop <shop@mail.test>' },
      payloadKeys: [{ id: 'k1', key: new Uint8Array(32) }],
      region: 'eu-west',
      labels: ['gpu', 'pci'],
      weight: 3,
      strategy: 'round-robin',
      ...{ cpuWeight: 1, memoryWeight: 0, workflowWeight: 0.25 },
      expectedEngines: ['engine-1', 'engine-2'],
      failover: false,
      maxRetries: 0,
      beatMs: 30_000,
      leaseMs: 90_000,
      lockMs: 120_000,
      apiKeys: [{ role: 'admin', namespace: 'shop', key: 'secret-1' }],
      ...{ jwtIssuer: 'https://issuer.test', jwtAudience: 'shop', jwksUrl: 'https://issuer.test/keys' },
      quotaOpenRuns: { each: 100, of: new Map() },
      quotaStartsPerSecond: { each: undefined, of: new Map([['shop', 5]]) },
      quotaPayloadBytes: { each: 1_000, of: new Map([['shop', 500]]) },
      ...{ maxRequests: 20, maxNamespaceRequests: 10 },
      auditRetentionMs: 7_776_000_000,
      ...{ runLogLevel: 'off', runLogRetentionMs: 604_800_000 },
      logLevel: 'warn',
      logFormat: 'json',
      ...{ host: '::1', port: 8080, namespaces: ['shop', 'bank'], distributed: false },
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      ...{ hostName: 'node-7', profile: 'production' },
    });
  });

  it('shows of keys their ids alone, from a file too, and says all that is wrong with them', () => {
    const given = read({ PAYLOAD_KEYS_FILE: 'keys' }, { keys: `k2:${KEY},k1:${KEY}\n` });
    expect(given.configuration.payloadKeys.map(({ id }) => id)).toEqual(['k2', 'k1']);
    expect(given.effective).toContainEqual({
      ...{ name: 'PAYLOAD_KEYS', value: 'k2:***,k1:***', source: 'PAYLOAD_KEYS_FILE' },
    });
    const wrong = read({ PAYLOAD_KEYS: `k1:${KEY},k1:${KEY.slice(4)},secretAAAA` });
    expect(wrong.configuration.payloadKeys).toEqual([]);
    expect(wrong.problems).toEqual([
      {
        name: 'PAYLOAD_KEYS',
        value: 'k1:***,k1:***,***',
        message: expect.stringMatching(/item 3 .*; key "k1" has 29 bytes; key "k1" is there twice/) as string,
      },
    ]);
    expect(JSON.stringify([given.effective, wrong])).not.toMatch(/AAAA/);
  });

  it('reports every problem at once and keeps the defaults', () => {
    const { configuration, problems } = read({
      DATABASE_URL: 'mysql://root:secret@localhost/shop',
      MAX_RETRIES: 'many',
      HEARTBEAT_INTERVAL: 'soon',
      QUEUES: 'a,,b',
      LOG_LEVEL: 'wran',
      LOG_FORMAT: 'x',
      NODE_ID: 'n'.repeat(300),
    });
    expect(problems.map(({ name }) => name)).toEqual([
      'DATABASE_URL',
      'NODE_ID',
      'QUEUES',
      'MAX_RETRIES',
      'HEARTBEAT_INTERVAL',
      'LOG_LEVEL',
      'LOG_FORMAT',
    ]);
    expect(JSON.stringify(problems)).not.toContain('secret');
    expect(problems[5]?.message).toMatch(/did you mean warn\?$/);
    expect(configuration.maxRetries).toBe(3);
  });

  it('may not let engines expire between two beats', () => {
    const { problems } = read({ HEARTBEAT_INTERVAL: '3000' });
    expect(problems).toMatchObject([{ name: 'FAILURE_DETECTION_TIMEOUT', value: '5000' }]);
  });

  it('may not want more workers than it allows', () => {
    const { problems } = read({ AUTO_SCALE_MIN: '11' });
    expect(problems).toEqual([
      { name: 'AUTO_SCALE_MAX', value: '10', message: 'must be at least AUTO_SCALE_MIN (11)' },
    ]);
  });

  it('names an issuer of tokens whole or not at all', () => {
    const { problems } = read({ JWT_ISSUER: 'https://issuer.test' });
    expect(problems.map(({ name }) => name)).toEqual(['JWT_AUDIENCE', 'JWKS_URL']);
    expect(problems[0]?.message).toContain('go together');
  });

  it('shows no API key, whether it is right or wrong', () => {
    const right = read({ API_KEYS: 'admin:canary-12345' });
    const wrong = read({ API_KEYS: 'emperor:canary-12345, canary-67890' });
    expect(JSON.stringify([right.effective, right.problems, wrong])).not.toContain('canary');
    expect(sourceOf({ API_KEYS: 'admin:canary-12345' }, 'API_KEYS')?.value).toBe('admin:***');
  });

  it('counts an empty variable as not set', () => {
    expect(read({ MAX_RETRIES: '', NODE_ID_FILE: '' })).toMatchObject({
      problems: [],
      configuration: { maxRetries: 3 },
    });
  });
});

describe('other names and files', () => {
  it('mean the same', () => {
    expect(read({ ENGINE_INSTANCE_ID: 'a' }).configuration.engineName).toBe('a');
    expect(read({ MAX_CONCURRENCY: '7' }).configuration.concurrency).toBe(7);
    expect(read({ DATABASE_URL_FILE: 'url' }, { url: 'file:./x.db\n' }).configuration.store).toBe(
      'file:./x.db',
    );
    expect(read({ NODE_ID: 'a', ENGINE_INSTANCE_ID: 'a' }).problems).toEqual([]);
  });

  it('may not contradict each other', () => {
    expect(read({ NODE_ID: 'a', ENGINE_INSTANCE_ID: 'b' }).problems).toEqual([
      { name: 'ENGINE_INSTANCE_ID', value: 'b', message: 'contradicts NODE_ID: set only one of the two' },
    ]);
    const env = { DATABASE_URL: 'file:a', DATABASE_URL_FILE: 'url' };
    const [problem] = read(env, { url: 'postgres://u:secret@h/d' }).problems;
    expect(problem).toMatchObject({ name: 'DATABASE_URL_FILE', value: 'postgres://u:***@h/d' });
  });

  it('need a file that can be read and says something', () => {
    expect(read({ NODE_ID_FILE: 'gone' }).problems).toEqual([
      { name: 'NODE_ID_FILE', value: 'gone', message: 'cannot be read: no such file' },
    ]);
    expect(read({ NODE_ID_FILE: 'empty' }, { empty: '\n' }).problems[0]?.message).toBe('the file is empty');
  });

  it('are named as the source', () => {
    expect(sourceOf({ MAX_CONCURRENCY: '7' }, 'MAX_CONCURRENT_WORKFLOWS')).toEqual({
      name: 'MAX_CONCURRENT_WORKFLOWS',
      value: '7',
      source: 'MAX_CONCURRENCY',
    });
    expect(sourceOf({ DATABASE_URL: 'postgres://u:secret@h/d' }, 'DATABASE_URL')?.value).toBe(
      'postgres://u:***@h/d',
    );
  });
});

describe('secrets', () => {
  it('are listed by name, and neither shown nor warned of', () => {
    const env = {
      MILLRACE_SECRET_TOKEN: 'hunter2',
      MILLRACE_SECRET_PIN_FILE: '/run/pin',
      MILLRACE_SECRET_X: '',
    };
    const report = read(env);
    expect(report).toMatchObject({ problems: [], warnings: [] });
    expect(report.effective.slice(-2)).toEqual([
      { name: 'secret TOKEN', value: '***', source: 'MILLRACE_SECRET_TOKEN' },
      { name: 'secret PIN', value: '***', source: 'MILLRACE_SECRET_PIN_FILE' },
    ]);
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('need a name that expressions can say, and one source', () => {
    const env = {
      'MILLRACE_SECRET_a-b': 'hunter2',
      MILLRACE_SECRET_A: 'hunter2',
      MILLRACE_SECRET_A_FILE: '/a',
    };
    const { problems } = read(env);
    expect(problems).toMatchObject(
      [
        { name: 'MILLRACE_SECRET_a-b', message: /names no secret/ },
        { name: 'MILLRACE_SECRET_A_FILE', message: /contradicts MILLRACE_SECRET_A/ },
      ].map(({ name, message }) => ({ name, message: expect.stringMatching(message) as unknown })),
    );
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

describe('the file under the environment', () => {
  const file = (document: unknown) => ({ path: 'millrace.config.yaml', document, faults: [] });
  const document = {
    NODE_ID: 'a',
    LOG_LEVEL: 'warn',
    QUEUES: ['fast'],
    profiles: { production: { PORT: 80, LOG_LEVEL: 'error' }, development: { PORT: 'none' } },
  };

  it('gives what the environment does not, by the profile and then for all', () => {
    const env = { NODE_ENV: 'production', ENGINE_INSTANCE_ID: 'b' };
    const { configuration, problems, effective } = readConfiguration(env, () => '', file(document));
    expect(problems).toEqual([]);
    expect(configuration).toMatchObject({ engineName: 'b', port: 80, logLevel: 'error', queues: ['fast'] });
    const sources = Object.fromEntries(effective.map(({ name, source }) => [name, source]));
    expect(sources).toMatchObject({
      NODE_ID: 'ENGINE_INSTANCE_ID',
      PORT: 'PORT in millrace.config.yaml (production)',
      QUEUES: 'QUEUES in millrace.config.yaml',
    });
  });

  it('stops the start with what is wrong in it and in the environment, at once', () => {
    const { problems } = readConfiguration({ MAX_RETRIES: 'x' }, () => '', file({ ...document, PROT: 1 }));
    expect(problems.map(({ name }) => name)).toEqual([
      'PROT in millrace.config.yaml',
      'MAX_RETRIES',
      'PORT in millrace.config.yaml (development)',
    ]);
  });
});

describe('variables that do nothing', () => {
  it('are told when they look like ours, or will mean something later', () => {
    expect(read({ MILLRACE_MODUL: 'x', REDIS_URL: 'x', MILLRACE_THING: 'x' }).warnings).toEqual([
      'MILLRACE_MODUL is not a variable of Millrace; did you mean MILLRACE_MODULE?',
      'REDIS_URL has no effect in this version',
      'MILLRACE_THING is not a variable of Millrace',
    ]);
  });
  it('are nobody’s business otherwise', () => {
    expect(
      read({ PATH: '/bin', HOME: undefined, MILLRACE_SERVER: 'x', MILLRACE_MODULE_FILE: '' }).warnings,
    ).toEqual([]);
  });
});

describe('the reference page', () => {
  const page = readFileSync(new URL('../../../docs/reference/config.md', import.meta.url), 'utf8');

  it('lists every setting as it is', () => {
    const rows = Object.values(SETTINGS).map((setting) => rowOf(setting as Setting<unknown>));
    expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
  });
});

function rowOf({ names, meaning, shown, origin = '', reason = '' }: Setting<unknown>): string {
  const name = names.map((one) => `\`${one}\``).join(' = ');
  return `| ${name} | ${meaning} | ${shown} | ${origin} | ${reason} |`;
}
