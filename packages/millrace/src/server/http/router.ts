import { MillraceError } from '../../core/errors.ts';
import type { Route } from './route.ts';

/** A route, and what stands in the path where it has parameters. */
export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a request; a HEAD is answered as the GET of the same path would be. */
export type Router = (method: string, path: string) => Found | undefined;

/** A place between two slashes: a word goes before a parameter. */
interface Place {
  readonly words: Map<string, Place>;
  parameter?: Place;
  readonly ends: Map<string, End>;
}

/** Where a path ends: its route by method, and which of its parts are parameters. */
interface End {
  readonly route: Route;
  readonly parameters: readonly (readonly [at: number, name: string])[];
}

const PARAMETER = /^\{(\w+)\}$/;
const NONE: Readonly<Record<string, string>> = Object.freeze({});

export function createRouter(routes: readonly Route[]): Router {
  const root = place();
  for (const route of routes) {
    let at = root;
    const parameters: [number, string][] = [];
    for (const [index, part] of partsOf(route.path).entries()) {
      const [, name] = PARAMETER.exec(part) ?? [];
      if (name !== undefined) parameters.push([index, name]);
      at = name === undefined ? wordIn(at, part) : (at.parameter ??= place());
    }
    at.ends.set(route.method.toUpperCase(), { route, parameters });
  }
  return (asked, path) => {
    const method = asked === 'HEAD' ? 'GET' : asked;
    const parts = partsOf(path);
    const end = search(root, method, parts, 0);
    return end && { route: end.route, params: paramsOf(end, parts) };
  };
}

function place(): Place {
  return { words: new Map(), ends: new Map() };
}

function wordIn({ words }: Place, word: string): Place {
  const known = words.get(word) ?? place();
  words.set(word, known);
  return known;
}

function partsOf(path: string): readonly string[] {
  return path.slice(1).split('/');
}

function search(at: Place, method: string, parts: readonly string[], depth: number): End | undefined {
  const part = parts[depth];
  if (part === undefined) return at.ends.get(method);
  const word = at.words.get(part);
  const found = word && search(word, method, parts, depth + 1);
  if (found !== undefined || part === '' || at.parameter === undefined) return found;
  return search(at.parameter, method, parts, depth + 1);
}

/** @throws INVALID_REQUEST. */
function paramsOf({ parameters }: End, parts: readonly string[]): Readonly<Record<string, string>> {
  if (parameters.length === 0) return NONE;
  const params: Record<string, string> = {};
  for (const [at, name] of parameters) params[name] = decoded(parts[at] ?? '');
  return params;
}

function decoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new MillraceError('INVALID_REQUEST', `the path has "${part.slice(0, 80)}", which no text is`, {
      remedy:
        'Encode what stands in a path as UTF-8 and then percent by percent, as encodeURIComponent does.',
    });
  }
}
