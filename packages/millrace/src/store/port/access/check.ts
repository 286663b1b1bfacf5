import { StoreError } from '../errors.ts';
import { checkText } from '../text.ts';
import type { KeyFilter, KeyRequest } from './keys.ts';

/* What every backend refuses before it stores or looks for a key. */

export function checkKeyRequest(request: KeyRequest): void {
  const { keyId, namespace, name, role, permissions = [], createdBy, hash } = request;
  checkKeyFilter({ namespace, before: keyId });
  checkText(name, 'name of a key');
  checkText(role, 'role');
  for (const permission of permissions) checkText(permission, 'permission');
  checkText(createdBy, 'who creates it');
  if (hash.byteLength === 32) return;
  throw new StoreError('definite', `the hash of key ${keyId} has ${hash.byteLength} bytes, SHA-256 has 32`);
}

export function checkKeyFilter({ namespace, before }: Omit<KeyFilter, 'limit'>): void {
  checkText(namespace, 'namespace');
  checkText(before, 'key id');
}
