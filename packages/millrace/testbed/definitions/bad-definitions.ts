import { readFileSync } from 'node:fs';

/** A definition that is refused, and what is said of it. */
export interface BadDefinition {
  readonly what: string;
  readonly text: string;
  /** `3:1 path CODE: message (value). Remedy.` */
  readonly problems: readonly string[];
}

/**
 * The definitions of a file beside this one: `=== what`, the text, `=>`, and a line for each problem, which may be longer
 * than code is.
 */
export function badDefinitions(name: string): readonly BadDefinition[] {
  const file = readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');
  return file
    .split(/^=== /m)
    .slice(1)
    .map((entry) => {
      const [what = '', ...rest] = entry.split('\n');
      const [text = '', problems = ''] = rest.join('\n').split(/^=>\n/m);
      return { what, text, problems: problems.split('\n').filter((line) => line !== '') };
    });
}
