import type { ConfigFile } from '../../core/configuration/config-file.ts';
import type { Terminal } from '../terminal.ts';

const PATH = 'millrace.config.yaml';

/** The configuration file of this folder; undefined: there is none. What is wrong with it is for whoever uses it. */
export async function readConfigFile({ readFile }: Terminal): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = readFile(PATH);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const faults = [`cannot be read: ${(error as Error).message}`];
    return { path: PATH, document: undefined, faults };
  }
  // Whoever has no such file does not wait for the reader of YAML.
  const { readSource } = await import('../../core/dag/reading/source/read-source.ts');
  const { findings, ...source } = readSource(text);
  const document = 'value' in source ? source.value : undefined;
  return { path: PATH, document, faults: findings.map(faultOf) };
}

function faultOf({ message, place }: { message: string; place?: { line: number } | undefined }): string {
  return place === undefined ? message : `line ${place.line}: ${message}`;
}
