import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { isRole } from '../../core/access/roles.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Principal } from './principal.ts';

/** An issuer whose tokens are taken. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Where it publishes its keys: https, or this machine. */
  readonly jwksUrl: string;
}

/**
 * Signatures with a private key alone: `none` says nothing, and with HMAC whoever can check a token can make one.
 * @source RFC 8725, JSON Web Token Best Current Practices, 3.1 and 3.2.
 */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const SKEW_SECONDS = 30;
const FETCH_MS = 5_000;
/** How long an unknown key, or an issuer that does not answer, is not asked for again. */
const COOLDOWN_MS = 30_000;
const RETRY_MS = 5_000;

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Reads tokens of an issuer: signed by one of its published keys, for this audience, not over and not yet to begin. The
 * claim `millrace_role` is a role, `millrace_namespace` a namespace.
 * @param namespace - of tokens that name none; undefined: those are not taken.
 * @returns undefined for what is no such token. @throws ISSUER_UNREACHABLE.
 */
export function tokenReader(
  { issuer, audience, jwksUrl }: IssuerSettings,
  namespace: string | undefined,
  mono: () => number,
): (text: string) => Promise<Principal | undefined> {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: FETCH_MS,
    cooldownDuration: COOLDOWN_MS,
  });
  const rules = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: SKEW_SECONDS };
  let failedAt = Number.NEGATIVE_INFINITY;

  return async (text) => {
    if (!TOKEN.test(text)) return undefined;
    try {
      const { payload } = await jwtVerify(
        text,
        (header, token) => {
          if (!keys.fresh && mono() - failedAt < RETRY_MS) throw unreachable(undefined);
          return keys(header, token);
        },
        { ...rules, requiredClaims: ['sub', 'exp'] },
      );
      return principalOf(payload, namespace);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      if (error instanceof MillraceError) throw error;
      failedAt = mono();
      throw unreachable(error);
    }
  };
}

function principalOf(payload: JWTPayload, fallback: string | undefined): Principal | undefined {
  const { sub, iat, millrace_role: role, millrace_namespace: namespace = fallback } = payload;
  if (iat !== undefined && !(iat <= Date.now() / 1_000 + SKEW_SECONDS)) return undefined;
  if (!isRole(role) || typeof namespace !== 'string' || typeof sub !== 'string' || sub === '')
    return undefined;
  return { kind: 'token', id: sub, namespace, role };
}

/** Whether the token is to blame. Of the issuer's own failures the library's names are these, or none. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JWK_INVALID'].includes(
    error.code,
  );
}

function unreachable(cause: unknown): MillraceError {
  const details = { retryAfterMs: RETRY_MS };
  return new MillraceError('ISSUER_UNREACHABLE', 'the keys of the token issuer cannot be read', {
    ...{ cause, details },
  });
}
