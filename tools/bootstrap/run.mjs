/*
 * Prepares the checkout, then runs a script of it: `node tools/bootstrap/run.mjs path/from/root.js arguments
 * …`
 */
import { build, prepare } from './prepare.mjs';
import { runScript } from './run-child.mjs';

const [script, ...args] = process.argv.slice(2);
try {
  if (script === undefined) throw new Error('usage: run.mjs SCRIPT [ARGUMENT …]');
  await prepare();
  // A tool, or what makes sources, works on the sources; only our own programs are built first.
  if (!/^node_modules\/|\/generate\//.test(script)) await build();
  process.exitCode = await runScript(script, args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
