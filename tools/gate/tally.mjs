/**
 * What a part of the gate found.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} skipped - by name, what could not run.
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: [] };

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: [...a.skipped, ...b.skipped],
  };
}

/**
 * Runs the parts one after the other, prints the closing report and sets the exit status. Whatever happens,
 * the last line is `N passed, N failed`; something that throws counts as one failure.
 * @param {AsyncIterable<Tally>} parts
 */
export async function report(parts) {
  let total = NOTHING;
  try {
    for await (const part of parts) total = add(total, part);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    total = add(total, { passed: 0, failed: 1, skipped: [] });
  }
  if (total.skipped.length > 0) {
    console.log(`\nskipped\n${total.skipped.map((name) => `  ${name}`).join('\n')}`);
  }
  const skipsFail = process.env['CI'] === 'true' && total.skipped.length > 0;
  if (skipsFail) console.log('\nWith CI=true a skipped suite is a failure.');
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 || skipsFail ? 1 : 0;
}
