/* A process of a case: which one, the assignment says. */
const { program } = JSON.parse(process.argv[2]);
await import(program === 'server' ? './server-actor.mjs' : './listeners-actor.mjs');
