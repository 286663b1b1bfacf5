import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** An empty database of its own on the tests' server. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Removes it, closing whatever is still connected. */
  drop(): Promise<void>;
}

/** `template`: the name of a database to copy, to which nobody is connected. */
export async function createDatabase(serverUrl: string, template = 'template1'): Promise<TestDatabase> {
  const name = `millrace_${randomUUID().replaceAll('-', '')}`;
  await administer(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: () => administer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function administer(serverUrl: string, sql: string): Promise<void> {
  const client = new Client(serverUrl);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
