#!/usr/bin/env node
// The entry must run on any Node: it says what is missing where an older one could not even load the rest.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`millrace needs Node 22.18 or later; this is ${process.versions.node}\n`);
  process.exit(2);
}

// A reader that has seen enough (`millrace runs | head`) closes the pipe; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { processTerminal } = await import('./terminal.ts');
const { runProgram } = await import('./program.ts');
const status = await runProgram(processTerminal(), process.argv.slice(2));
// What a command left open (a store that does not answer) must not keep the process; what it has written must
// be out.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)));
