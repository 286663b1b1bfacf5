import { MillraceError, isMillraceError, show } from '../../errors.ts';
import { excerpt, expressionOf } from './cel/expression.ts';
import { frameOf, frameOfSecrets } from './cel/frame.ts';
import type { Frame, Run } from './cel/frame.ts';
import { plain, recordOf } from './cel/value.ts';
import type { RawMap } from './cel/value.ts';
import { isSecret, make, textFrom, textOf } from './evaluate.ts';
import type { Making, TextPlan } from './evaluate.ts';
import { SEAL, escapeSeal, isSealed, sealedWith, type Place } from './sealed.ts';
import type { Scope, Template } from './template.ts';

/** A value for an executor, plain JSON. Give it to `openSealed`, whole, before the executor sees it. */
export function evaluateSealed(template: Template, scope: Scope): unknown {
  const places: Place[] = [];
  const value = make(template.plan, {
    frame: frameOf(scope),
    path: [],
    seal: (plan, making) => {
      const parts = partsOf(plan, making);
      places.push({ at: [...making.path], parts });
      return shown(parts);
    },
  });
  return places.length === 0 ? escapeSeal(value) : sealedWith(places, value);
}

/** The value with the secrets in it, and the names of those, each once. Itself where nothing was sealed. */
export interface Opened {
  readonly value: unknown;
  readonly used: readonly string[];
}

/**
 * @param value - what `evaluateSealed` or `escapeSeal` gave.
 * @throws `UNKNOWN_SECRET` that names one which `secretOf` has not; `EXPRESSION`.
 */
export function openSealed(value: unknown, secretOf: (name: string) => string | undefined): Opened {
  if (!isSealed(value)) return { value, used: [] };
  const used = new Set<string>();
  const frame = frameOfSecrets((name) => {
    const secret = secretOf(name);
    if (secret === undefined) throw unknownSecret(name);
    used.add(name);
    return secret;
  });
  const places = value[SEAL].map(({ at, parts }) => ({ at, value: openParts(parts, frame) }));
  const opened = places.length === 0 ? value.value : grafted(value.value, graftOf(places));
  return { value: opened, used: [...used] };
}

function partsOf(plan: TextPlan, { frame }: Making): Place['parts'] {
  const parts = plan.kind === 'expression' ? [plan.expression] : plan.parts;
  return parts.map((part) => {
    if (typeof part === 'string') return part;
    return isSecret(part) ? { expression: part.text } : textOf(part, frame);
  });
}

function shown(parts: Place['parts']): string {
  return parts.map((part) => (typeof part === 'string' ? part : `\${ ${part.expression} }`)).join('');
}

function openParts(parts: Place['parts'], frame: Frame): unknown {
  const [only] = parts;
  try {
    if (parts.length === 1 && typeof only === 'object') return plain(runOf(only)(frame), frame.meter);
    return parts.map((part) => (typeof part === 'string' ? part : textFrom(runOf(part), frame))).join('');
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new MillraceError(
      'EXPRESSION',
      `expression ${excerpt(shown(parts))} cannot be computed from the secrets`,
    );
  }
}

function runOf({ expression }: { readonly expression: string }): Run {
  return expressionOf(expression).run;
}

/** What is put into a value: at the place itself, or further inside. */
interface Graft {
  value: unknown;
  readonly inside: Map<string | number, Graft>;
}

function graftOf(found: readonly { readonly at: Place['at']; readonly value: unknown }[]): Graft {
  const root: Graft = { value: undefined, inside: new Map() };
  for (const { at, value } of found) {
    let graft = root;
    for (const key of at) {
      const next = graft.inside.get(key) ?? { value: undefined, inside: new Map() };
      graft.inside.set(key, next);
      graft = next;
    }
    graft.value = value;
  }
  return root;
}

/** A copy along the places; the rest is shared. */
function grafted(whole: unknown, { value, inside }: Graft): unknown {
  if (inside.size === 0) return value;
  const at = (old: unknown, key: string | number): unknown => {
    const graft = inside.get(key);
    return graft === undefined ? old : grafted(old, graft);
  };
  if (Array.isArray(whole)) return whole.map(at);
  const record = whole as RawMap; // places were made along lists and objects
  return recordOf(Object.entries(record).map(([key, old]) => [key, at(old, key)] as const));
}

function unknownSecret(name: string): MillraceError {
  return new MillraceError('UNKNOWN_SECRET', `there is no secret ${show(name)} on this engine`, {
    details: { secret: name },
  });
}
