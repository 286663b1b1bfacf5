import { compileDefinition } from '../../core/dag/compile.ts';
import type { Context } from '../../core/workflow/context.ts';
import { definitionWorkflow } from '../../flows/dag/definition-workflow.ts';
import { TIMEOUT_MS } from './grammar.ts';
import { LABEL, type FlowOp, type StepOp } from './program.ts';

/** Plays a graph within a run. */
export async function playFlow(ctx: Context, { nodes, concurrency }: FlowOp): Promise<void> {
  const ids = nodes.map(({ step }, at) => step?.id ?? `noop${at}`);
  const document = {
    workflow: 'flow',
    version: 1,
    concurrency,
    nodes: Object.fromEntries(nodes.map(({ step, needs }, at) => [ids[at], nodeOf(step, idsAt(ids, needs))])),
  };
  await definitionWorkflow(compileDefinition(document)).run(ctx, null);
}

function idsAt(ids: readonly string[], needs: readonly number[]): string[] {
  return needs.flatMap((need) => ids[need] ?? []);
}

/** Each node speaks of what it needs: were one of those not there yet, the run would fail. */
function nodeOf(step: StepOp | undefined, needs: readonly string[]): Readonly<Record<string, unknown>> {
  const outputs = needs.map((id) => `\${ nodes.${id}.output }`);
  if (step === undefined) return { needs, executor: 'noop', with: outputs };
  const { attempts, pauseMs, tooSlow, picky } = step;
  return {
    needs,
    executor: 'work',
    with: { ...step, after: outputs },
    retry: { maxAttempts: attempts, initial: pauseMs, max: 60_000 },
    ...(tooSlow ? { timeout: TIMEOUT_MS } : {}),
    ...(picky ? { requires: [LABEL] } : {}),
  };
}
