import { isMillraceError } from '../../../../core/errors.ts';
import type { Tenants } from '../../../../server/tenants.ts';
import { readDefinitionFile } from '../../../modules/definition-file.ts';
import { safeLines, safeText } from '../../../output/safe-text.ts';
import type { Terminal } from '../../../terminal.ts';

/** Definitions that are being written: each time a file is read it is stored as a draft, and what is wrong is told. */
export interface Drafts {
  read(file: string): void;
  /** Resolves when everything that was to be read is stored, or refused. */
  settled(): Promise<void>;
}

export function createDrafts(terminal: Terminal, tenants: Tenants): Drafts {
  const known = new Map<string, string>();
  let work = Promise.resolve();

  async function store(file: string): Promise<void> {
    const { document } = await readDefinitionFile(terminal, file);
    for (const millrace of tenants) {
      // oxlint-disable-next-line no-await-in-loop -- mostly one
      const { name, version, hash } = await millrace.deploy(document, { file, draft: true });
      const isNew = known.get(file) !== hash;
      known.set(file, hash);
      if (isNew) terminal.tell(`${safeText(file)}: ${name}@${version} can be started`);
    }
  }

  return {
    read(file) {
      // One after the other: the last content that was written is the one that stays.
      work = work.then(() => store(file)).catch((error: unknown) => complain(terminal, file, error));
    },
    settled: () => work,
  };
}

/** A file that is wrong is corrected and saved again: nothing ends. */
function complain({ tell, tellStyle }: Terminal, file: string, error: unknown): void {
  const message = isMillraceError(error) || error instanceof Error ? error.message : String(error);
  tell(`${tellStyle('red', 'error:')} ${safeText(file)} is not used: ${safeLines(message)}`);
}
