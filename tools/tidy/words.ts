import { basename } from 'node:path/posix';
import { isCode, isGenerated } from './repository.ts';
import type { SourceFile } from './repository.ts';

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = [
  ...['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'lib', 'main'],
  ...['type', 'types', 'interface', 'interfaces', 'internal', 'internals'],
];
/** Programs are called so by those who start them. */
const PROGRAM = /^(?:packages\/millrace\/src\/cli|examples\/[^/]+)\/main\.ts$/;
/** Tests of types are all that a folder of that name may hold; dot folders are named by their tools. */
const NAMED_BY_OTHERS = /^(?:packages\/[^/]+\/types\/|\.)/;

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;

// A letter in brackets keeps this file from breaking its own rules.
const UNFINISHED = /\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/;
const ELSEWHERE = /(?<![\w.-])\/wor[k]\/|registry\.(?:npmj[s]|yarnpk[g]|npmmirro[r])\b|npm\.pkg\.githu[b]/;
const DEFAULT_EXPORT = /^export\b(?:.*\bas)? default\b/m;
/** Tools ask for a default export here. */
const DEFAULT_ANYWAY = /(\.config\.ts|\/global-[a-z-]+\.ts|-reporter\.mjs)$/;

/** Names of files and folders that are empty words or not in kebab-case. */
export function poorNames(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter((file) => isCode(file) && !PROGRAM.test(file.path) && !NAMED_BY_OTHERS.test(file.path))
    .flatMap(({ path }) => {
      const parts = path.split('/');
      const empty = parts.filter((part) =>
        (part.split('.')[0] ?? '').split('-').some((word) => EMPTY_NAMES.includes(word)),
      );
      const odd = KEBAB.test(basename(path)) ? [] : [basename(path)];
      return [...empty, ...odd].map((part) => `${path}: ${part} is a poor name`);
    });
}

/** Marks of unfinished work: it is done, or it is an issue, but it is not left lying in a file. */
export function unfinishedWork(files: readonly SourceFile[]): readonly string[] {
  return linesWith(files, UNFINISHED);
}

/** Paths and hosts of the machines that somebody works on, which mean nothing to the reader. */
export function foreignPlaces(files: readonly SourceFile[]): readonly string[] {
  return linesWith(files, ELSEWHERE);
}

/** Default exports have no name to search for. */
export function defaultExports(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter((file) => isCode(file) && !DEFAULT_ANYWAY.test(file.path) && DEFAULT_EXPORT.test(file.text))
    .map(({ path }) => path);
}

function linesWith(files: readonly SourceFile[], pattern: RegExp): readonly string[] {
  return files
    .filter((file) => !isGenerated(file) || basename(file.path) === 'package-lock.json')
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) => {
        const found = pattern.exec(line);
        return found === null ? [] : [`${path}:${at + 1} says ${found[0]}`];
      }),
    );
}
