import { isRole, ROLE_NAMES, type Role } from '../access/roles.ts';

/** A key that the environment of a server says. */
export interface ConfiguredKey {
  readonly role: Role;
  /** Undefined: the first one that the server serves. */
  readonly namespace: string | undefined;
  readonly key: string;
}

const ENTRY = /^([^:@]+)(?:@([^:]+))?:([!-+\--~]{8,512})$/;

/** `role:key, role@namespace:key`. What it throws says nothing of a key. */
export function configuredKeys(given: string): readonly ConfiguredKey[] {
  const keys = entriesOf(given).map((entry, at) => {
    const [, role, namespace, key = ''] = ENTRY.exec(entry) ?? [];
    if (isRole(role)) return { role, namespace, key };
    const shape = `role:key or role@namespace:key with a role of ${ROLE_NAMES.join(', ')}`;
    throw new Error(`entry ${at + 1} must be ${shape}, and a key of 8 to 512 characters without blanks`);
  });
  if (new Set(keys.map(({ key }) => key)).size < keys.length) throw new Error('must not name one key twice');
  return keys;
}

/** The same list without the keys, also where it is malformed. */
export function maskKeys(given: string): string {
  return entriesOf(given)
    .map((entry) => (entry.includes(':') ? `${entry.slice(0, entry.indexOf(':'))}:***` : '***'))
    .join(', ');
}

function entriesOf(given: string): string[] {
  return given.split(/[,\n]/).map((entry) => entry.trim());
}
