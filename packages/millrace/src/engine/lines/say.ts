import { soundLine, type LogLevel } from '../../core/lines/line.ts';
import type { StepCommand } from '../../core/run/command.ts';
import type { LogLine } from '../../core/run/execution.ts';
import type { Log } from '../../core/workflow/context.ts';
import { shownAttempt } from '../dispatch/task.ts';
import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';

/** What a workflow's function says goes to the log of this process, and to the log of the run. */
export function sayForRun({ lines, ports }: Engine, { runId, workflow }: Instance, said: LogLine): void {
  const line = { level: said.level, ...soundLine(said) };
  lines.keep(runId, line);
  ports.log({ source: 'run', runId, workflow: workflow.name, ...line });
}

/** The log of a step: what it says is said by the run that wants it made. */
export function stepLog({ lines, ports }: Engine, instance: Instance, step: StepCommand): Log {
  const { name } = step;
  const { attempt, ...run } = shownAttempt(instance, step);
  const write =
    (level: LogLevel) =>
    (said: string, own?: Readonly<Record<string, unknown>>): void => {
      const { message, fields } = soundLine({ message: said, fields: own });
      lines.keep(run.runId, { level, message, step: name, attempt, fields });
      ports.log({ source: 'run', ...run, level, message, fields: { step: name, attempt, ...fields } });
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
