import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tokenReader } from './tokens.ts';

const ISSUER = 'https://issuer.test';
const AUDIENCE = 'millrace';
const CLAIMS = { sub: 'kim', millrace_role: 'operator', millrace_namespace: 'acme' };

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

describe('a token', () => {
  let server: Server;
  let jwksUrl: string;
  let status: number;
  let published: JWK[];
  let fetched: number;
  let rsa: Pair;
  let ec: Pair;
  let stranger: Pair;

  beforeAll(async () => {
    rsa = await generateKeyPair('RS256', { extractable: true });
    ec = await generateKeyPair('ES256', { extractable: true });
    stranger = await generateKeyPair('RS256', { extractable: true });
    server = createServer((_request, response) => {
      fetched++;
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: published }));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterAll(() => void server.close());
  beforeEach(async () => {
    status = 200;
    fetched = 0;
    published = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', use: 'sig' },
      { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' },
    ];
  });

  const reader = (namespace?: string) =>
    tokenReader({ issuer: ISSUER, audience: AUDIENCE, jwksUrl }, namespace, () => 0);

  /** Good, but for what `more` says. Times are seconds from now. */
  function sign(
    more: { [claim: string]: unknown } = {},
    header: object = {},
    key: Pair['privateKey'] = rsa.privateKey,
  ) {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { ...CLAIMS, iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 60, ...more };
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'rsa', ...header }).sign(key);
  }
  const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

  it('of the issuer says who calls, for which namespace and with which role', async () => {
    const read = reader();
    const principal = { kind: 'token', id: 'kim', namespace: 'acme', role: 'operator' };
    expect(await read(await sign())).toEqual(principal);
    expect(await read(await sign({}, { alg: 'ES256', kid: 'ec' }, ec.privateKey))).toEqual(principal);
    expect(fetched).toBe(1);
  });

  it('that names no namespace is of the only one, where there is only one', async () => {
    const text = await sign({ millrace_namespace: undefined });
    expect(await reader('only')(text)).toMatchObject({ namespace: 'only' });
    expect(await reader()(text)).toBeUndefined();
  });

  it.each([
    ['of another issuer', { iss: 'https://other.test' }],
    ['for another audience', { aud: 'other' }],
    ['for nobody', { aud: undefined }],
    ['that is over', { exp: inSeconds(-31) }],
    ['without an end', { exp: undefined }],
    ['that has not begun', { nbf: inSeconds(40) }],
    ['that was made in the future', { iat: inSeconds(40) }],
    ['of nobody', { sub: undefined }],
    ['of an empty name', { sub: '' }],
    ['with a role that is none', { millrace_role: 'emperor' }],
    ['with a role that every object has', { millrace_role: 'constructor' }],
    ['with a list of roles', { millrace_role: ['admin'] }],
    ['without a role', { millrace_role: undefined }],
    ['with a namespace that is no text', { millrace_namespace: 7 }],
  ])('%s is not taken', async (_name, claims) => {
    expect(await reader()(await sign(claims))).toBeUndefined();
  });

  it('is taken up to 30 s before and after its time, because clocks differ', async () => {
    const read = reader();
    expect(await read(await sign({ exp: inSeconds(-20) }))).toBeDefined();
    expect(await read(await sign({ nbf: inSeconds(20), iat: inSeconds(20) }))).toBeDefined();
  });

  it('that nobody signed is not taken, and asks for no keys', async () => {
    const now = inSeconds(0);
    const unsigned = new UnsecuredJWT({
      ...CLAIMS,
      iss: ISSUER,
      aud: AUDIENCE,
      iat: now,
      exp: now + 60,
    }).encode();
    const [head, body] = (await sign()).split('.');
    for (const text of [unsigned, `${unsigned}x`, `${head}.${body}.`, `${head}.${body}`, 'a.b.c', '..'])
      expect(await reader()(text)).toBeUndefined();
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await reader()(`${none}.${body}.AAAA`)).toBeUndefined();
    expect(fetched).toBe(0);
  });

  it('signed with the public key as a shared secret is not taken', async () => {
    const secrets = [await exportSPKI(rsa.publicKey), JSON.stringify(await exportJWK(rsa.publicKey))];
    for (const secret of secrets)
      for (const alg of ['HS256', 'HS384', 'HS512']) {
        const claims = { ...CLAIMS, iss: ISSUER, aud: AUDIENCE, iat: inSeconds(0), exp: inSeconds(60) };
        const signing = new SignJWT(claims).setProtectedHeader({ alg, kid: 'rsa' });
        expect(await reader()(await signing.sign(new TextEncoder().encode(secret)))).toBeUndefined();
      }
    expect(fetched).toBe(0);
  });

  it('that brings its own key, or says where to fetch one, is not taken', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    for (const header of [{ jwk }, { jku: jwksUrl, kid: 'rsa' }, { x5u: jwksUrl }, { jwk, kid: undefined }])
      expect(await reader()(await sign({}, header, stranger.privateKey))).toBeUndefined();
  });

  it('of an unknown key is not taken, and has the keys read once, not each time', async () => {
    const read = reader();
    for (let n = 0; n < 5; n++) expect(await read(await sign({}, { kid: `other-${n}` }))).toBeUndefined();
    expect(fetched).toBe(1);
  });

  it('that was changed is not taken', async () => {
    const [head = '', , signature = ''] = (await sign()).split('.');
    const claims = { ...CLAIMS, millrace_role: 'admin', iss: ISSUER, aud: AUDIENCE, exp: inSeconds(60) };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await reader()(`${head}.${body}.${signature}`)).toBeUndefined();
  });

  it('with extensions that nobody here understands is not taken', async () => {
    const text = await sign({}, { b64: true, crit: ['b64', 'exp'] }).catch(() => undefined);
    const header = Buffer.from('{"alg":"RS256","kid":"rsa","crit":["x"],"x":1}').toString('base64url');
    const [, body, signature] = (await sign()).split('.');
    expect(await reader()(`${header}.${body}.${signature}`)).toBeUndefined();
    expect(text === undefined || (await reader()(text)) === undefined).toBe(true);
  });

  it('cannot be checked while the issuer does not answer, which is told as what it is', async () => {
    let now = 0;
    const read = tokenReader({ issuer: ISSUER, audience: AUDIENCE, jwksUrl }, undefined, () => now);
    status = 500;
    const text = await sign();
    const unreachable = { code: 'ISSUER_UNREACHABLE', details: { retryAfterMs: 5_000 } };
    for (let n = 0; n < 3; n++) await expect(read(text)).rejects.toMatchObject(unreachable);
    expect(fetched).toBe(1);
    status = 200;
    now = 5_000;
    expect(await read(text)).toBeDefined();
  });
});
