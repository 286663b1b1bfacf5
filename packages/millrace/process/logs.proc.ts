import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { spawnServe, type ServeProcess } from './rig/serve-process.ts';
import { until } from './rig/wait.ts';

const INDEX = new URL('../src/index.ts', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const STEPS = 6;

/** Each step says so, and ends when a file with its number is there. */
const TALKATIVE = `
import { existsSync } from 'node:fs';
import { workflow } from '${INDEX}';
export const talkative = workflow('talkative', async (ctx, folder) => {
  for (let at = 1; at <= ${STEPS}; at++) {
    await ctx.step('step-' + at, async (step) => {
      while (!existsSync(folder + '/go-' + at)) await new Promise((resolve) => setTimeout(resolve, 5));
      step.log.info('did ' + at);
    });
    ctx.log.info('done ' + at);
  }
});
`;

let rig: Rig;
const servers: ServeProcess[] = [];
afterEach(async () => {
  for (const server of servers) server.kill('SIGKILL');
  await Promise.all(servers.splice(0).map(({ ended }) => ended));
  await rig.end();
});

/** `millrace logs --follow` as somebody at a terminal has it. */
function follow(runId: string) {
  const args = [MAIN, 'logs', runId, '--follow', '--json', '--store', rig.url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  return {
    ended: once(child, 'close') as Promise<[number | null]>,
    lines: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { seq: number; message: string; engineId: string }),
  };
}

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    'a log goes on where the engine is killed that its run is executed by',
    async () => {
      rig = await openRig(kind);
      const module = join(rig.folder, 'talkative.ts');
      writeFileSync(module, TALKATIVE);
      const serve = async (name: string): Promise<ServeProcess> => {
        const short = { HEARTBEAT_INTERVAL: '300', FAILURE_DETECTION_TIMEOUT: '1500' };
        const server = await spawnServe(rig.url, { MILLRACE_MODULE: module, NODE_ID: name, ...short });
        servers.push(server);
        return server;
      };
      const first = await serve('first');
      const { millrace } = await rig.client();
      const run = await millrace.start({ name: 'talkative', version: '1' }, rig.folder);
      const following = follow(run.runId);
      const pass = (at: number): void => writeFileSync(join(rig.folder, `go-${at}`), '');
      const said = (word: string) => following.lines().some(({ message }) => message === word);
      for (const at of [1, 2, 3]) {
        pass(at);
        // oxlint-disable-next-line no-await-in-loop -- step by step
        await until(`the word of step ${at}`, () => said(`done ${at}`));
      }
      first.kill('SIGKILL');
      await first.ended;
      await serve('second');
      for (const at of [4, 5, 6]) pass(at);
      await run.result({ timeout: 30_000 });
      expect(await following.ended).toEqual([0, null]);

      const lines = following.lines();
      expect(
        lines.map(({ seq }) => seq),
        'without a gap',
      ).toEqual(lines.map((_, at) => at + 1));
      const inOrder = Array.from({ length: STEPS }, (_, at) => [`did ${at + 1}`, `done ${at + 1}`]).flat();
      expect(lines.map(({ message }) => message)).toEqual(inOrder);
      expect(new Set(lines.slice(0, 6).map(({ engineId }) => engineId))).toEqual(new Set(['first']));
      expect(new Set(lines.slice(6).map(({ engineId }) => engineId))).toEqual(new Set(['second']));
    },
  );
});
