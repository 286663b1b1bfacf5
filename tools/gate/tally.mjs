/**
 * What a part of the gate found.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {readonly string[]} failed - by name, what failed.
 * @property {readonly string[]} skipped - by name, what could not run.
 */

/** @type {Tally} */
const NOTHING = { passed: 0, failed: [], skipped: [] };

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: [...a.failed, ...b.failed],
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
    ...listed('skipped', skipped),
    ...(skipsFail ? ['', 'With CI=true a skipped suite is a failure.'] : []),
    ...listed('failed', failed),
    '',
    `${passed} passed, ${failed.length} failed`,
  ];
  return { text: lines.join('\n'), status: failed.length > 0 || skipsFail ? 1 : 0 };
}

/**
 * @param {string} title
 * @param {readonly string[]} names
 */
function listed(title, names) {
  return names.length === 0 ? [] : ['', title, ...names.map((name) => `  ${name}`)];
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
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    total = add(total, { passed: 0, failed: [message.split('\n')[0] ?? message], skipped: [] });
  }
  const { text, status } = closing(total, process.env['CI'] === 'true');
  console.log(text);
  process.exitCode = status;
}
