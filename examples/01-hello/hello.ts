import { Millrace, signal, workflow } from 'millrace';

const answer = signal<string>('answer');

// What is done stays done: the next engine on the same store goes on with a run that a killed one left
// behind.
const hello = workflow('hello', { version: 1 }, async (ctx, name: string) => {
  const greeting = await ctx.step('greet', () => `Hello, ${name}!`);
  await ctx.sleep('1 second');
  const reply = await ctx.waitForSignal(answer);
  return `${greeting} ${reply}`;
});

const millrace = await Millrace.open({ workflows: [hello] });
const run = await millrace.start(hello, 'world');
await run.signal(answer, 'How are you?');
console.log(await run.result());
await millrace.close();
