import { Composer, Lexer, LineCounter, Parser, type Document, type YAMLError } from 'yaml';
import { show } from '../../../errors.ts';
import type { Finding, Locate, Place } from '../problem.ts';
import { MAX_LEVELS, tooDeep } from './caps.ts';
import { locator } from './locate.ts';
import { valueOf } from './yaml-value.ts';

/** A document that was read, and where its parts stand. */
export interface Source {
  readonly value: unknown;
  /** What its text is wrong in, although it could be read. */
  readonly findings: readonly Finding[];
  readonly locate: Locate;
}

type Parsed = Document.Parsed;

/** A broken line breaks those that follow: more says nothing new. */
const MOST_FAULTS = 20;

/** YAML 1.2 by its core schema: what is in no other notation of data (tags, merge keys, several documents) is refused. */
export function readYaml(text: string): Source | { readonly findings: readonly Finding[] } {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const parsed = parse(text, lines);
  if ('levelsAt' in parsed) return { findings: [{ ...tooDeep([]), place: placeAt(parsed.levelsAt) }] };
  const { document, second } = parsed;
  const ofVersion = document.warnings.filter(({ code }) => code === 'BAD_DIRECTIVE');
  const errors = [...document.errors, ...ofVersion];
  if (errors.length > 0) return { findings: syntaxFaults(errors, text, placeAt) };
  const { value, findings, aliases, isBroken } = valueOf(document, text, placeAt);
  if (isBroken) return { findings };
  const features = [
    ...oldVersion(document),
    ...(second === undefined ? [] : [severalDocuments(placeAt(second))]),
  ];
  return {
    value,
    findings: [...features, ...findings],
    locate: locator({ root: document.contents, aliases, text, placeAt }),
  };
}

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  prettyErrors: false,
  // Its own check takes quadratic time.
  uniqueKeys: false,
  resolveKnownTags: false,
} as const;

/** Stops at what is nested too deeply, which the composer would follow with its stack, and at a second document. */
function parse(
  text: string,
  lines: LineCounter,
): { readonly document: Parsed; readonly second: number | undefined } | { readonly levelsAt: number } {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const composer = new Composer(OPTIONS);
  const documents: Parsed[] = [];
  const found = (): number | undefined => documents[1]?.range[0];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...(composer.next(token) as Iterable<Parsed>));
    if (parser.stack.length > MAX_LEVELS + 2) return { levelsAt: parser.offset };
    if (documents.length > 1) break;
  }
  if (documents.length < 2) {
    for (const token of parser.end()) documents.push(...(composer.next(token) as Iterable<Parsed>));
    documents.push(...(composer.end(true, text.length) as Iterable<Parsed>));
  }
  // The end of the text always makes one.
  return { document: documents[0] as Parsed, second: found() };
}

/** The first of each line: what follows on it is mostly its consequence. */
function syntaxFaults(
  errors: readonly YAMLError[],
  text: string,
  placeAt: (offset: number) => Place,
): readonly Finding[] {
  const ofLine = new Map<number, Finding>();
  for (const { code, message, pos } of errors) {
    const place = placeAt(pos[0]);
    if (ofLine.has(place.line) || ofLine.size === MOST_FAULTS) continue;
    ofLine.set(place.line, {
      path: [],
      code: 'SYNTAX',
      message: `it cannot be read: ${message.charAt(0).toLowerCase()}${message.slice(1).trim()}`,
      value: show(lineAt(text, pos[0])),
      remedy: REMEDIES[code] ?? 'Correct it at that place.',
      place,
    });
  }
  return [...ofLine.values()];
}

const REMEDIES: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: "Put text that contains ': ' in quotes.",
  BAD_SCALAR_START: 'Put the text in quotes.',
  BAD_DIRECTIVE: 'Write %YAML 1.2, or leave the directive out.',
  BAD_DQ_ESCAPE: 'Use single quotes, or write the backslash twice.',
  MISSING_CHAR: 'Add what is missing.',
  TAB_AS_INDENT: 'Indent with spaces.',
};

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end === -1 ? undefined : end).trim();
}

function oldVersion({ directives }: Parsed): readonly Finding[] {
  if (directives.yaml.version !== '1.1') return [];
  return [
    {
      path: [],
      code: 'YAML_FEATURE',
      message: 'it says that it is YAML 1.1',
      value: '1.1',
      remedy: 'Leave the directive out, or write %YAML 1.2; there yes, no, on and off are text.',
      place: { line: 1, column: 1 },
    },
  ];
}

function severalDocuments(place: Place): Finding {
  return {
    path: [],
    code: 'YAML_FEATURE',
    message: 'a second document begins',
    remedy: 'Write each definition in a file of its own.',
    place,
  };
}
