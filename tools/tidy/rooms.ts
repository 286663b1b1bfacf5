import { dirname, join } from 'node:path/posix';
import { isTest } from './repository.ts';
import type { SourceFile } from './repository.ts';

/**
 * Who may import whom inside the library, as prefixes of paths under `src/`; a room may always import itself.
 * The longest name that fits a file is its room. Nothing else is allowed: a new room needs a line here.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'core/': [],
  'store/port/': ['core/'],
  'store/contract/': ['core/', 'store/port/'],
  'store/sqlite/': ['core/', 'store/port/'],
  'store/postgres/': ['core/', 'store/port/'],
  'store/encrypted/': ['core/', 'store/port/'],
  'engine/': ['core/', 'store/port/'],
  'cluster/': ['core/', 'store/port/', 'engine/'],
  'pool/': ['core/'],
  'observe/': ['core/', 'store/port/', 'engine/'],
  'heart/': ['core/', 'store/port/', 'engine/', 'open-store.ts'],
  'api/': ['core/', 'store/port/', 'engine/'],
  'flows/': ['core/workflow/', 'core/dag/', 'core/errors.ts', 'core/failure.ts'],
  'executors/': ['core/'],
  'versions/': ['core/', 'store/port/', 'engine/', 'api/', 'flows/'],
  'testing/': ['core/', 'store/', 'engine/', 'api/', 'flows/', 'millrace.ts', 'index.ts'],
  'server/': ['core/', 'api/', 'flows/', 'observe/', 'cluster/', 'config.ts', 'index.ts', 'millrace.ts'],
  'cli/': [''],
  // The composition root and its parts, then the public face.
  'config.ts': ['core/'],
  'ports/': ['core/', 'engine/', 'api/', 'heart/'],
  'open-store.ts': ['core/', 'store/'],
  'open-pool.ts': ['core/', 'pool/', 'engine/'],
  'open-executors.ts': ['core/', 'pool/', 'engine/', 'executors/', 'api/', 'open-pool.ts'],
  'open-tenants.ts': [''],
  'millrace.ts': [''],
  'index.ts': [''],
};

/** Rooms in which each folder stands for itself. */
const APART = ['flows/'];

/** Packages that only one room may know. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  pg: ['store/postgres/'],
  commander: ['cli/'],
  yaml: ['core/dag/'],
  ajv: ['core/dag/'],
  'ajv/dist/2020.js': ['core/dag/'],
  'ajv-formats': ['core/dag/'],
  '@marcbachmann/cel-js': ['core/dag/'],
  nodemailer: ['executors/'],
  zod: ['server/'],
  jose: ['server/'],
  'node:sqlite': ['store/sqlite/'],
};

/** What no clock, random number or outside world means; each is handed in as a port. */
const IMPURE = new RegExp(
  `(?<![\\w.$])(?:${[
    String.raw`(?:Date|process|performance|crypto)\.`,
    String.raw`new Date\(\s*\)`,
    String.raw`Math\.random`,
    String.raw`set(?:Timeout|Interval|Immediate)\b`,
    String.raw`fetch\(`,
  ].join('|')})`,
);
const PURE = ['core/', 'engine/'];

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, and `import('x')` for a value or a type. */
const IMPORT = /^\s*(?:import|export)\s(?:[\w\s{},*$]*?\sfrom\s)?\s*'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'/gm;

/** What a file imports, with its own paths resolved to paths under `src/`. */
interface Import {
  readonly from: SourceFile;
  readonly target: string;
  readonly isOwn: boolean;
}

/**
 * Imports that cross a wall, one line each. Tests bring rooms together and may import any, but those of the
 * core only what it could: facts of the store, and the fixtures beside `src/`.
 */
export function crossings(library: readonly SourceFile[]): readonly string[] {
  return library
    .flatMap(importsOf)
    .filter((entry) => !(isTest(entry.from) ? mayMeet(entry) : mayCross(entry)))
    .map(({ from, target }) => `${from.path} imports ${target}`);
}

/** Where a pure room reaches for the world. */
export function impurities(library: readonly SourceFile[]): readonly string[] {
  return library
    .filter((file) => !isTest(file) && PURE.some((room) => file.path.startsWith(room)))
    .flatMap(({ path, text }) =>
      withoutTexts(text)
        .split('\n')
        .flatMap((line, at) => IMPURE.exec(line)?.map((found) => `${path}:${at + 1} uses ${found}`) ?? []),
    );
}

function mayMeet({ from, target, isOwn }: Import): boolean {
  if (!from.path.startsWith('core/')) return true;
  const may = isOwn
    ? ['core/', 'store/port/', '../testbed/']
    : [
        'vitest',
        'fast-check',
        'node:',
        ...Object.keys(PACKAGES).filter((name) => PACKAGES[name]?.includes('core/dag/')),
      ];
  return may.some((prefix) => target.startsWith(prefix));
}

function mayCross({ from, target, isOwn }: Import): boolean {
  const room = roomOf(from.path);
  if (room === undefined || target.startsWith('../')) return false;
  if (!isOwn) return mayLoad(from.path, room, target);
  const apart = APART.some((prefix) => [from.path, target].every((path) => path.startsWith(prefix)));
  if (apart) return `${dirname(target)}/`.startsWith(`${dirname(from.path)}/`);
  return [room, ...(ROOMS[room] ?? [])].some((prefix) => target.startsWith(prefix));
}

function mayLoad(from: string, room: string, name: string): boolean {
  const keepers = PACKAGES[name];
  if (keepers !== undefined) return keepers.some((keeper) => from.startsWith(keeper));
  // Types only: the interface that validators of all makes share.
  return room !== 'core/' || name === '@standard-schema/spec';
}

function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => path.startsWith(room))
    .toSorted((a, b) => b.length - a.length)[0];
}

function importsOf(from: SourceFile): readonly Import[] {
  const specifiers = from.text.matchAll(IMPORT);
  return [...specifiers].map(([, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? '';
    const isOwn = specifier.startsWith('.');
    return { from, isOwn, target: isOwn ? join(dirname(from.path), specifier) : specifier };
  });
}

/** The code with its comments and quoted texts emptied, line by line as before. */
function withoutTexts(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, (found) =>
    found.replace(/[^\n]/g, ' '),
  );
}
