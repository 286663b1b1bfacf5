/* The same graph twice: as a definition, and as a program that somebody would write by hand. */

/** @param input - of the node at a position. */
export function definitionOf(name, needs, { executor, input, concurrency, idOf = (at) => `n${at}` }) {
  const nodes = {};
  needs.forEach((positions, at) => {
    nodes[idOf(at)] = {
      ...(positions.length === 0 ? {} : { needs: positions.map(idOf) }),
      executor,
      ...(input === undefined ? {} : { with: input(at) }),
    };
  });
  return { workflow: name, version: 1, concurrency, nodes, output: needs.length };
}

/** Each node waits for the promises of what it needs. */
export function programOf(needs, executor) {
  return async (ctx) => {
    const call = () => ctx.call(executor, null);
    const ended = [];
    needs.forEach((positions) => {
      const before = positions.map((need) => ended[need]);
      ended.push(before.length === 0 ? call() : Promise.all(before).then(call));
    });
    await Promise.all(ended);
    return needs.length;
  };
}
