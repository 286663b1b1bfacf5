/**
 * Says that this process is ready, then performs what it is asked, one thing at a time, until it is told to leave.
 * @param acts - by name: each is given what was asked, and its answer goes back.
 */
export function serveActs(millrace, acts) {
  const perform = async ({ what }) => {
    if (what === 'leave') {
      await millrace.close({ grace: 0 });
      process.exit(0);
    }
    const { act, ...given } = what;
    try {
      process.send({ answer: await acts[act](given) });
    } catch (error) {
      process.send({ failed: error.stack });
    }
  };
  process.on('message', (message) => void perform(message));
  process.once('disconnect', () => process.exit(0));
  process.send({ answer: 'ready' });
}
