import type { Command } from 'commander';
import { isMillraceError } from '../../../core/errors.ts';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import type { Why } from '../../../core/policy/why.ts';
import type { RunDetail, StepDescription } from '../../../core/reading/run-detail.ts';
import { printResult, type Cli } from '../../cli.ts';
import type { House } from '../../house/house.ts';
import { plainJson } from '../../../core/json/plain-json.ts';
import { paintStatus, shortInstant, span } from '../../output/run-words.ts';
import { safeLines, safeText, shorten } from '../../output/safe-text.ts';
import { table } from '../../output/table.ts';
import { addWatch, look, type LookOptions } from '../../output/watch.ts';
import type { Terminal } from '../../terminal.ts';
import { nodeLines } from './node-lines.ts';

const VALUE_CHARS = 2000;

/** `show RUN`: one run with its steps, signals, children, timers and published values. */
export function addShow(program: Command, cli: Cli): void {
  const command = program
    .command('show')
    .description('show a run: input, output, steps with their attempts, signals, children, timers')
    .argument('<run>', 'runId, its first 8 or more characters, or key:KEY');
  addWatch(command).action(async (argument: string) => {
    const options = command.optsWithGlobals<LookOptions>();
    const read = async (house: House): Promise<Shown> => {
      const { runId } = await house.findRun(argument);
      const run = house.run(runId);
      const [detail, { reasons }] = await Promise.all([run.detail(), run.why()]);
      return withTasks(house, { detail, reasons });
    };
    await look(cli, options, read, (shown, found) => {
      printResult(shown, options.json, found.detail, () => runLines(shown.terminal, found));
    });
  });
}

interface Shown {
  detail: RunDetail;
  reasons: Why['reasons'];
  /** By the id of the task: what makes a step's attempt elsewhere. */
  tasks: ReadonlyMap<string, RunDescription>;
}

async function withTasks(house: House, run: Omit<Shown, 'tasks'>): Promise<Shown> {
  const ids = run.detail.steps.flatMap(({ taskRunId }) => taskRunId ?? []);
  const tasks = await Promise.all(ids.map((runId) => taskOf(house, runId)));
  return {
    ...run,
    tasks: new Map(tasks.flatMap((task) => (task === undefined ? [] : [[task.runId, task]]))),
  };
}

/** Nothing is left of a task that has ended. */
async function taskOf(house: House, runId: string): Promise<RunDescription | undefined> {
  try {
    return await house.run(runId).describe();
  } catch (error) {
    if (isMillraceError(error, 'RUN_NOT_FOUND')) return undefined;
    throw error;
  }
}

function runLines(terminal: Terminal, { detail: run, reasons, tasks }: Shown): string[] {
  const { outStyle: style } = terminal;
  const field = (name: string, value: string): string[] =>
    value === '' ? [] : [`${style('dim', name.padEnd(10))} ${value}`];
  return [
    ...field('run', style('bold', run.runId)),
    ...field('workflow', `${safeText(run.workflow)} version ${safeText(run.version)}`),
    ...field('status', paintStatus(style, run.status)),
    ...field('why', safeText(reasons.map(({ message }) => message).join(' · '))),
    ...field('key', safeText(run.key ?? '')),
    ...field('queue', `${safeText(run.queue)}, priority ${run.priority}`),
    ...field('requires', safeText(run.requires.join(', '))),
    ...field('tags', safeText(run.tags.join(', '))),
    ...field('created', shortInstant(run.createdAt)),
    ...field('started', shortInstant(run.startedAt)),
    ...field('closed', closedText(run)),
    ...field('deadline', shortInstant(run.deadlineAt)),
    ...field('engine', safeText(run.engineId ?? '')),
    ...field('parent', run.parentRunId ?? ''),
    ...field('goes on as', run.successorRunId ?? ''),
    ...(run.unreadable === undefined
      ? field('input', valueText(run.input))
      : field('unreadable', safeText(run.unreadable))),
    ...(run.status === 'completed' ? field('output', valueText(run.output)) : []),
    ...(run.error === null ? [] : field('error', errorText(run.error))),
    ...nodeLines(terminal, run),
    ...stepLines(terminal, run, tasks),
    ...arrivalLines(terminal, run),
  ];
}

function closedText({ closedAt, createdAt }: RunDetail): string {
  if (closedAt === null) return '';
  return `${shortInstant(closedAt)} after ${span(Date.parse(closedAt) - Date.parse(createdAt))}`;
}

function valueText(value: unknown): string {
  return shorten(safeText(plainJson(value)), VALUE_CHARS);
}

function errorText({ code, message, cause }: NonNullable<RunDetail['error']>): string {
  const because = cause === undefined ? '' : `\n           because of ${errorText(cause)}`;
  return `${safeText(code)}: ${safeLines(message)}${because}`;
}

function stepLines(
  { outStyle: style, columns }: Terminal,
  { steps: all, nodes }: RunDetail,
  tasks: Shown['tasks'],
): string[] {
  // What the table of nodes says of a step is not said twice; earlier attempts stand only here.
  const steps = all.filter(({ name, retries }) => nodes?.[name] === undefined || retries.length > 1);
  if (steps.length === 0) return [];
  const rows = steps.flatMap((step) => [
    step.taskRunId === null
      ? { ...step, detail: lastError(step) }
      : placedStep(step, tasks.get(step.taskRunId)),
    ...step.retries.slice(0, -1).map(({ attempt, at, engineId, error, superseded }) => ({
      name: '',
      status: superseded ? 'superseded' : 'failed',
      attempts: attempt,
      endedAt: at,
      engineId,
      detail: `${error.code}: ${error.message}`,
    })),
  ]);
  return [
    '',
    ...table(
      [
        { title: 'STEP', of: ({ name }) => name },
        { title: 'STATUS', of: ({ status }) => status },
        { title: 'ATTEMPT', of: ({ attempts }) => String(attempts), align: 'right' },
        { title: 'ENDED', of: ({ endedAt }) => shortInstant(endedAt) },
        { title: 'ENGINE', of: ({ engineId }) => engineId ?? '' },
        { title: 'REASON', of: ({ detail }) => detail, shrinks: true },
      ],
      rows,
      { style, columns },
    ),
  ];
}

function lastError({ error }: StepDescription): string {
  return error === null ? '' : `${error.code}: ${error.message}`;
}

/** A step whose attempt is made elsewhere: by whom, and as which run. */
function placedStep(step: StepDescription, task: RunDescription | undefined) {
  const engineId = task?.status === 'running' ? task.engineId : null;
  const state = task === undefined || task.status === 'running' ? 'runs' : `is ${task.status}`;
  const before = lastError(step);
  const detail = `${state} as ${step.taskRunId}${before === '' ? '' : `; before: ${before}`}`;
  return { ...step, engineId, detail };
}

function arrivalLines({ outStyle: style, columns }: Terminal, run: RunDetail): string[] {
  const rows = [
    ...run.signals.map(({ name, at, payload }) => ({ kind: 'signal', name, at, what: plainJson(payload) })),
    ...run.children.map(({ name, startedAt: at, runId, status }) => ({
      kind: 'child',
      name,
      at,
      what: `${status} ${runId}`,
    })),
    ...run.timers.map(({ name, setAt: at, fireAt }) => ({
      kind: 'timer',
      name,
      at,
      what: `until ${fireAt}`,
    })),
    ...Object.entries(run.published).map(([name, value]) => ({
      kind: 'published',
      name,
      at: null,
      what: plainJson(value),
    })),
  ];
  if (rows.length === 0) return [];
  return [
    '',
    ...table(
      [
        { title: 'KIND', of: ({ kind }) => kind },
        { title: 'NAME', of: ({ name }) => name },
        { title: 'AT', of: ({ at }) => shortInstant(at) },
        { title: 'VALUE', of: ({ what }) => shorten(what, 200), shrinks: true },
      ],
      rows,
      { style, columns },
    ),
  ];
}
