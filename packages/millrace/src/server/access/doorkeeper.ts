import type { Keys } from '../../api/access/keys.ts';
import type { ConfiguredKey } from '../../core/configuration/api-keys.ts';
import type { Configuration } from '../../core/configuration/settings.ts';
import type { Tenants } from '../tenants.ts';
import { credentialOf, type Credential } from './credential.ts';
import { environmentKeys } from './environment-keys.ts';
import type { Doorkeeper, Principal } from './principal.ts';
import { storedKeys } from './stored-keys.ts';
import { createThrottle } from './throttle.ts';
import { tokenReader, type IssuerSettings } from './tokens.ts';

/** Whom a server lets in. */
export interface DoorkeeperParts {
  /**
   * Those that the server serves. Keys of the environment that name none are of the first; tokens that name none are taken
   * only where there is no other.
   */
  readonly namespaces: readonly string[];
  readonly apiKeys: readonly ConfiguredKey[];
  readonly issuer: IssuerSettings | undefined;
  /** Asks the store whose a key is. */
  readonly verify: Keys['verify'];
  /** Asks it whose a key was, for the audit log. */
  readonly recognise?: Keys['recognise'];
  /** Milliseconds that only grow. */
  readonly mono?: () => number;
}

/** Finds out by API keys and tokens who calls, and slows down who guesses. */
export function createDoorkeeper(parts: DoorkeeperParts): Doorkeeper {
  const { namespaces, mono = () => performance.now() } = parts;
  const [first = 'default', ...others] = namespaces;
  const ofEnvironment = environmentKeys(parts.apiKeys, first);
  const ofStore = storedKeys(parts.verify, mono);
  const ofIssuer = parts.issuer && tokenReader(parts.issuer, others.length === 0 ? first : undefined, mono);
  const throttle = createThrottle(mono);

  function look(credential: Credential): Principal | undefined | Promise<Principal | undefined> {
    const { text } = credential;
    const configured = ofEnvironment(credential);
    if (configured !== undefined) return configured;
    return text.startsWith('mr_') ? ofStore(credential) : ofIssuer?.(text);
  }

  return {
    identify(headers, remote) {
      const credential = credentialOf(headers);
      return credential && throttle(remote, credential, () => look(credential));
    },
    recognise: async (headers) => {
      const credential = credentialOf(headers);
      const key = credential && (await parts.recognise?.(credential.text));
      return key && { kind: 'key', id: key.keyId, namespace: key.namespace };
    },
  };
}

/** The issuer that a configuration names: all of it, or none. */
export function issuerOf({ jwtIssuer, jwtAudience, jwksUrl }: Configuration): IssuerSettings | undefined {
  if (jwtIssuer === undefined || jwtAudience === undefined || jwksUrl === undefined) return undefined;
  return { issuer: jwtIssuer, audience: jwtAudience, jwksUrl };
}

/**
 * Whether anybody could show who he is: a server of which nobody can must not listen beyond loopback.
 * @throws STORE_UNREACHABLE.
 */
export async function isConfigured(configuration: Configuration, tenants: Tenants): Promise<boolean> {
  if (configuration.apiKeys.length > 0 || issuerOf(configuration) !== undefined) return true;
  const found = await Promise.all([...tenants].map(({ keys }) => hasActiveKey(keys)));
  return found.includes(true);
}

async function hasActiveKey(keys: Keys): Promise<boolean> {
  let before: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- the next page begins where this one ends
    const page = await keys.list({ before, limit: 1_000 });
    if (page.keys.some(({ status }) => status === 'active')) return true;
    before = page.next;
  } while (before !== undefined);
  return false;
}
