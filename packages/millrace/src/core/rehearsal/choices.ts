import { OPEN_STATUSES } from '../status.ts';
import type { BreakingRun, VersionReport } from './report.ts';

/** A way out for runs that a new build would break or strand. */
export interface Choice {
  readonly choice: 'pin' | 'patch' | 'migrate';
  readonly message: string;
  /** A command, or a line of the program. */
  readonly command: string;
}

/**
 * What can be done, told with the names of the first that breaks, else of the first that is stranded.
 * @param broken - undefined: none would break.
 * @param stranded - undefined: none would be stranded.
 */
export function choicesFor(
  broken: BreakingRun | undefined,
  stranded: VersionReport | undefined,
): readonly Choice[] {
  if (broken !== undefined) return forBroken(broken);
  return stranded === undefined ? [] : forStranded(stranded);
}

function forBroken({ workflow, against, runId }: BreakingRun): Choice[] {
  const next = /^\d+$/.test(against) ? String(Number(against) + 1) : `${against}-next`;
  return [
    {
      choice: 'pin',
      message:
        `Give the changed program a version of its own, and keep version ${against} as it was registered ` +
        `beside it (a definition: version ${next} in the file): runs stay on the version they started on.`,
      command: `workflow('${workflow}', { version: '${next}' }, …)`,
    },
    {
      choice: 'patch',
      message:
        'In code, put the change behind a patch: runs that have passed the place go on as before. A definition has none.',
      command: `if (ctx.patch('${workflow}-${next}')) { /* as it is now */ } else { /* as it was */ }`,
    },
    {
      choice: 'migrate',
      message:
        'Cancel what would break (compensations run) and start it anew on the new program; or deploy first a ' +
        'build that agrees and ends such runs with ctx.continueAsNew.',
      command: `millrace cancel ${runId}`,
    },
  ];
}

function forStranded({ workflow, version }: VersionReport): Choice[] {
  return [
    {
      choice: 'pin',
      message: `Keep version ${version} registered in the new build, or an engine of the old one, until no run is on it.`,
      command: `millrace runs --workflow ${workflow} --status ${OPEN_STATUSES.join(',')}`,
    },
    {
      choice: 'migrate',
      message:
        `Look whether these runs agree with a version that the build has; if so, register that program as ` +
        `version ${version} too.`,
      command: `millrace preflight … --as ${workflow}@VERSION`,
    },
  ];
}
