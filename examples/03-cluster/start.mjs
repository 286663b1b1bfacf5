// The door for any Node: the rest of the example is TypeScript, which only a recent one runs as it is.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`This example needs Node 22.18 or later; this is ${process.versions.node}.\n`);
  process.exit(2);
}
const { main } = await import('./main.ts').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('millrace')) throw error;
  process.stderr.write('Millrace is not built yet: run "npm ci" and "npx tsc -b" first.\n');
  process.exit(2);
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
