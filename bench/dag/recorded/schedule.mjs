/**
 * How long the greedy list schedule takes, ms: with `slots` places, whenever one is free the task begins that has been
 * ready longest, of equal ones the first of the list. No engine can promise more without knowing times in advance.
 */
export function listSchedule(tasks, slots) {
  const waiting = tasks.map(({ needs }) => needs.length);
  const followers = tasks.map(() => []);
  tasks.forEach(({ needs }, at) => needs.forEach((need) => followers[need].push(at)));
  const ready = tasks.flatMap(({ needs }, at) => (needs.length === 0 ? [at] : []));
  const running = [];
  let now = 0;
  while (ready.length > 0 || running.length > 0) {
    while (ready.length > 0 && running.length < slots) {
      const at = ready.shift();
      running.push({ at, until: now + tasks[at].ms });
    }
    running.sort((a, b) => a.until - b.until || a.at - b.at);
    const { at, until } = running.shift();
    now = until;
    for (const follower of followers[at]) if (--waiting[follower] === 0) ready.push(follower);
  }
  return now;
}
