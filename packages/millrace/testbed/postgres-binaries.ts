import { accessSync, constants, readFileSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const INSTALLED = '/usr/lib/postgresql';

/**
 * Folder that holds the server's programs (`initdb`, `postgres`): one on PATH, else the newest version that
 * the operating system's packages put aside; one that can also copy a server, if there is any. Undefined when the
 * machine has none.
 */
export function findPostgresBinaries(): string | undefined {
  return findReplication() ?? findFolder(['initdb', 'postgres']);
}

/** The same, of programs that can make a standby. */
export function findReplication(): string | undefined {
  return findFolder(['initdb', 'postgres', 'pg_basebackup']);
}

function findFolder(programs: readonly string[]): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...onPath, ...installedFolders()].find((folder) =>
    programs.every((program) => isExecutable(join(folder, program))),
  );
}

function installedFolders(): string[] {
  try {
    return readdirSync(INSTALLED)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(INSTALLED, version, 'bin'));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whom the server must run as: it refuses root, so root lends it another account. Undefined when the present
 * user will do.
 */
export function serverAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody']
    .map((name) => accounts.find((fields) => fields[0] === name))
    .find(Boolean);
  if (account === undefined)
    throw new Error('root cannot run PostgreSQL, and there is no account postgres or nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}
