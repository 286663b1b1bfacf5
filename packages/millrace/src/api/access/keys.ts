import { timingSafeEqual } from 'node:crypto';
import { describeKey, type KeyDescription } from '../../core/access/describe-key.ts';
import { isPermission, isRole, PERMISSIONS, ROLE_NAMES } from '../../core/access/roles.ts';
import type { Permission, Role } from '../../core/access/roles.ts';
import { durationMs, type Duration } from '../../core/duration.ts';
import { checkOptions, MillraceError, show } from '../../core/errors.ts';
import { checkName } from '../../core/names.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { AccessStore, KeysRead, StoredKey } from '../../store/port/access/keys.ts';
import { ask } from '../store-failure.ts';
import { hashOf, keyIdOf, newKey } from './key-text.ts';

export interface KeyOptions {
  role: Role;
  /** For people. Default: the role. */
  name?: string | undefined;
  /** How long it is good for. Default: until it is revoked. */
  expiresIn?: Duration | undefined;
  /** What is left of the role. Default: all of it. */
  permissions?: readonly Permission[] | undefined;
  /** Who creates it. Default: the name of this engine or client. */
  by?: string | undefined;
}

/** A key that was just made. */
export interface CreatedKey extends KeyDescription {
  /** The key itself. Nobody can tell it again. */
  readonly key: string;
}

export interface KeyPage {
  readonly keys: readonly KeyDescription[];
  /** The `before` of the next page. */
  readonly next: string | undefined;
}

/** Whom a key stands for. */
export interface VerifiedKey extends KeyDescription {
  /** How long it is good for, as it stands, ms. */
  readonly leftMs: number;
}

/** The API keys of a namespace, by which programs and people use a server. */
export interface Keys {
  /** @throws INVALID_ARGUMENT, UNKNOWN_OPTION, INVALID_DURATION, STORE_UNREACHABLE. */
  create(options: KeyOptions): Promise<CreatedKey>;
  /**
   * Newest first, revoked and expired ones among them.
   * @param page.limit - 1 to 1,000; default 100.
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, STORE_UNREACHABLE.
   */
  list(page?: { limit?: number; before?: string | undefined }): Promise<KeyPage>;
  /**
   * Ends a key for ever; every server refuses it within 5 s. One that was revoked already stays as it is.
   * @throws API_KEY_NOT_FOUND, INVALID_ARGUMENT, STORE_UNREACHABLE.
   */
  revoke(keyId: string, options?: { by?: string | undefined }): Promise<KeyDescription>;
  /**
   * Whose key this is: of ANY namespace, as the store says now. Undefined: nobody's, or not any more.
   * @throws STORE_UNREACHABLE.
   */
  verify(text: string): Promise<VerifiedKey | undefined>;
  /**
   * Whose key this is or was, of ANY namespace: also one that has expired or was revoked.
   * @throws STORE_UNREACHABLE.
   */
  recognise(text: string): Promise<KeyDescription | undefined>;
}

const MOST_A_PAGE = 1_000;
/** Compared with where there is no key, so that an unknown id costs what a wrong secret costs. */
const NOBODY = new Uint8Array(32);

export function openKeys(store: AccessStore, of: { namespace: string; name: string }): Keys {
  const { namespace } = of;
  return {
    create: (options) => create(store, of, options),
    list: async (page = {}) => {
      checkOptions('keys.list', page, ['limit', 'before']);
      const { limit = 100, before } = page;
      if (!Number.isInteger(limit) || limit < 1 || limit > MOST_A_PAGE)
        throw invalid(`keys.list: limit is ${show(limit)}`, `Use a whole number from 1 to ${MOST_A_PAGE}.`);
      if (before !== undefined) checkName('key id', before);
      const { found, storeTime } = await ask(() => store.listKeys({ namespace, limit, before }));
      const keys = found.flatMap((key) => describeKey(key, storeTime) ?? []);
      return { keys, next: found.length < limit ? undefined : found.at(-1)?.keyId };
    },
    revoke: async (keyId, options = {}) => {
      checkOptions('keys.revoke', options, ['by']);
      checkName('key id', keyId);
      const { by = of.name } = options;
      const read = await ask(() => store.revokeKey({ namespace, keyId, by }));
      const revoked = read && described(read);
      if (revoked !== undefined) return revoked;
      throw new MillraceError('API_KEY_NOT_FOUND', `there is no API key ${show(keyId)}`, {
        details: { keyId },
      });
    },
    verify: (text) => verify(store, text),
    recognise: async (text) => (await find(store, text))?.description,
  };
}

async function create(
  store: AccessStore,
  of: { namespace: string; name: string },
  options: KeyOptions,
): Promise<CreatedKey> {
  checkOptions('keys.create', options, ['role', 'name', 'expiresIn', 'permissions', 'by']);
  const role = checkRole(options.role);
  const { permissions, name = role, by = of.name } = options;
  checkName('key', name);
  checkName('creator', by);
  if (permissions !== undefined) checkPermissions(permissions);
  const lifeMs = options.expiresIn === undefined ? undefined : durationMs(options.expiresIn);
  if (lifeMs !== undefined && lifeMs <= 0)
    throw invalid(`keys.create: expiresIn is ${show(options.expiresIn)}`, 'Pass a duration above 0.');
  const { keyId, text: key } = newKey();
  const { namespace } = of;
  const what = { keyId, namespace, name, role, permissions, createdBy: by };
  const made = await ask(() => store.createKey({ ...what, hash: hashOf(key), lifeMs }));
  const description = made && described(made);
  if (description === undefined) throw new Error(`64 random bits came twice: ${keyId}`);
  return { ...description, key };
}

async function verify(store: AccessStore, text: string): Promise<VerifiedKey | undefined> {
  const known = await find(store, text);
  if (known?.description.status !== 'active') return undefined;
  const { read, description } = known;
  const { expiresAt = Number.POSITIVE_INFINITY } = read.found;
  return { ...description, leftMs: expiresAt - read.storeTime };
}

interface KnownKey {
  readonly read: KeysRead<StoredKey>;
  readonly description: KeyDescription;
}

async function find(store: AccessStore, text: string): Promise<KnownKey | undefined> {
  const keyId = keyIdOf(text);
  if (keyId === undefined) return undefined;
  const read = await ask(() => store.readKey(keyId));
  const isRight = timingSafeEqual(hashOf(text), read?.found.hash ?? NOBODY);
  if (!isRight || read === undefined) return undefined;
  const description = described(read);
  return description && { read, description };
}

function described({ found, storeTime }: KeysRead<StoredKey>): KeyDescription | undefined {
  return describeKey(found, storeTime);
}

function checkRole(role: unknown): Role {
  if (isRole(role)) return role;
  const guess = typeof role === 'string' ? didYouMean(role, ROLE_NAMES) : undefined;
  const remedy = guess === undefined ? `Use one of ${ROLE_NAMES.join(', ')}.` : `Did you mean "${guess}"?`;
  throw invalid(`keys.create: unknown role ${show(role)}`, remedy);
}

function checkPermissions(permissions: readonly unknown[]): void {
  const wrong = Array.isArray(permissions) ? permissions.find((each) => !isPermission(each)) : permissions;
  if (wrong === undefined && permissions.length > 0) return;
  const what = wrong === undefined ? 'permissions are empty' : `unknown permission ${show(wrong)}`;
  throw invalid(`keys.create: ${what}`, `Use some of ${PERMISSIONS.join(', ')}.`);
}

function invalid(what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', what, { remedy });
}
