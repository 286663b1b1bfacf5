import { createClient, isApiError, type Client } from '@millrace/client';
import { MillraceError } from '../../../core/errors.ts';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import { lookUp } from '../find-run.ts';
import type { FoundRun, House, HouseKeys, ListFilter, RunPage } from '../house.ts';
import { answerOf } from '../refusal.ts';
import { remoteCluster } from './remote-cluster.ts';
import { remoteRun } from './remote-run.ts';
import { remoteStart } from './remote-start.ts';

export interface ServerAccess {
  readonly url: string;
  readonly key: string | undefined;
}

/** A server, asked over HTTP. */
export function remoteHouse({ url, key }: ServerAccess): House {
  const client = createClient({
    url,
    key,
    headers: { 'user-agent': 'millrace-cli' },
    retry: { attempts: 3 },
  });
  return {
    ...remoteCluster(client),
    findRun: (argument) =>
      lookUp(argument, {
        byId: (runId) => byId(client, runId),
        byKey: (given) => byKey(client, given),
        before: async (cursor, limit) => (await list(client, { cursor, limit })).items,
      }),
    findKey: (given) => byKey(client, given),
    runs: (filter) => list(client, filter),
    withValues: (items) => withValues(client, items),
    run: (runId) => remoteRun(client, runId),
    keys: keysOf(client),
    start: (workflow, input, options) => remoteStart(client, workflow, input, options),
  };
}

function keysOf({ keys }: Client): HouseKeys {
  return {
    // Which roles there are, the server says; and by whom, it knows from the key.
    create: ({ role, name, expiresIn }) =>
      answerOf(keys.create({ role, name, expiresIn } as Parameters<typeof keys.create>[0])),
    list: ({ limit, cursor }) => answerOf(keys.list({ limit }).page(cursor)),
    revoke: (keyId) => answerOf(keys.revoke(keyId)),
  };
}

async function byId(client: Client, runId: string): Promise<FoundRun | undefined> {
  try {
    return await client.run(runId).describe();
  } catch (error) {
    if (isApiError(error, 'RUN_NOT_FOUND')) return undefined;
    return answerOf(Promise.reject(error as Error));
  }
}

async function byKey(client: Client, key: string): Promise<FoundRun | undefined> {
  return (await list(client, { key, limit: 1 })).items[0];
}

function list(client: Client, { status, tasks, cursor, ...filter }: ListFilter): Promise<RunPage> {
  if (tasks === true)
    throw new MillraceError('INVALID_ARGUMENT', '--tasks: a server does not list them', {
      remedy: 'Name the store with --store; `millrace show RUN` names the tasks of a run.',
    });
  const pages = client.runs({ ...filter, ...(status === undefined ? {} : { status: [...status] }) });
  return answerOf<RunPage>(pages.page(cursor));
}

const AT_ONCE = 20;

async function withValues(
  client: Client,
  items: readonly RunDescription[],
): Promise<readonly RunDescription[]> {
  const full: RunDescription[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const some = items.slice(from, from + AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- so many at once and no more
    full.push(...(await Promise.all(some.map(({ runId }) => remoteRun(client, runId).describe()))));
  }
  return full;
}
