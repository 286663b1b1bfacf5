import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { until } from './rig/wait.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const WIDTH = 8;
const LAYERS = 5;
const KILLED_AFTER = 14;

/** Layers of nodes, each of which needs two of the layer before; then all are counted. */
function definition(): string {
  const nodes: Record<string, unknown> = {};
  for (let at = 0; at < WIDTH * LAYERS; at++) {
    const before = Math.floor(at / WIDTH - 1) * WIDTH;
    const needs = at < WIDTH ? [] : [before + (at % WIDTH), before + ((at + 3) % WIDTH)];
    nodes[`n${at}`] = {
      ...(needs.length === 0 ? {} : { needs: needs.map((need) => `n${need}`) }),
      executor: 'note',
      with: { id: `n${at}` },
    };
  }
  const last = Object.keys(nodes).slice(-WIDTH);
  nodes['sum'] = {
    needs: last,
    value: `\${ [${last.map((id) => `nodes.${id}.output`).join(', ')}].size() }`,
  };
  return JSON.stringify({ workflow: 'layers', version: 1, concurrency: 4, nodes });
}

/** Outside of the engine: a line when a node begins, and one when it has ended. */
const MODULE = `
import { appendFileSync } from 'node:fs';
const note = (what, id) => appendFileSync(process.env.NOTES, \`\${what} \${id}\\n\`);
export const executors = {
  note: async ({ id }) => {
    note('begin', id);
    await new Promise((resolve) => setTimeout(resolve, 30));
    note('end', id);
    return id;
  },
};`;

let rig: Rig;
let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await rig.end();
});

describe.for(STORES)('a definition on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    'goes on after kill -9, and makes nothing again that was recorded',
    async () => {
      rig = await openRig(kind);
      const notes = join(rig.folder, 'notes');
      writeFileSync(join(rig.folder, 'layers.json'), definition());
      writeFileSync(join(rig.folder, 'note.mjs'), MODULE);
      const linesOf = (what: string): string[] =>
        existsSync(notes)
          ? readFileSync(notes, 'utf8')
              .split('\n')
              .flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : []))
          : [];
      const run = (): ChildProcess =>
        spawn(
          process.execPath,
          [
            ...[MAIN, 'run', join(rig.folder, 'layers.json'), '--executors', join(rig.folder, 'note.mjs')],
            ...['--key', 'k', '--json', '--store', rig.url],
          ],
          { env: { ...process.env, NOTES: notes, MAX_RETRIES: '0' }, stdio: ['ignore', 'pipe', 'ignore'] },
        );

      child = run();
      await until('some nodes', () => linesOf('end').length >= KILLED_AFTER);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const begun = linesOf('begin');
      const { millrace } = await rig.client();
      const history = await millrace.run({ key: 'k' }).history();
      const recorded = history.flatMap(({ type, name = '' }) => (type === 'step-completed' ? [name] : []));
      expect(recorded.length).toBeGreaterThan(0);

      child = run();
      let output = '';
      child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect({ code, ended: JSON.parse(output) as unknown }).toMatchObject({
        ...{ code: 0, ended: { status: 'completed', output: { sum: WIDTH } } },
      });
      const again = linesOf('begin').slice(begun.length);
      expect(again.filter((id) => recorded.includes(id))).toEqual([]);
      expect(new Set([...recorded, ...again]).size).toBe(WIDTH * LAYERS);
      const { nodes = {}, progress } = await millrace.run({ key: 'k' }).describe({ nodes: true });
      expect(progress).toMatchObject({ total: WIDTH * LAYERS + 1, completed: WIDTH * LAYERS + 1 });
      expect(nodes['sum']).toMatchObject({ status: 'completed', output: WIDTH });
    },
  );
});
