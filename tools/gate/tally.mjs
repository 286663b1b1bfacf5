/**
 * What a part of the gate found.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} skipped - by name, what could not run.
 */

/** @type {Tally} */
const NOTHING = { passed: 0, failed: 0, skipped: [] };

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: [...a.skipped, ...b.skipped],
  };
}

/**
 * The closing report and the exit status that goes with it.
 * @param {Tally} total
 * @param {boolean} isCi - whether what could not run counts as a failure.
 */
export function closing({ passed, failed, skipped }, isCi) {
  const skipsFail = isCi && skipped.length > 0;
  const lines = [
    ...(skipped.length > 0 ? ['', 'skipped', ...skipped.map((name) => `  ${name}`)] : []),
    ...(skipsFail ? ['', 'With CI=true a skipped suite is a failure.'] : []),
    '',
    `${passed} passed, ${failed} failed`,
  ];
  return { text: lines.join('\n'), status: failed > 0 || skipsFail ? 1 : 0 };
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
  const { text, status } = closing(total, process.env['CI'] === 'true');
  console.log(text);
  process.exitCode = status;
}
