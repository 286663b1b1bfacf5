import { span } from '../../output/run-words.ts';
import { safeText } from '../../output/safe-text.ts';
import { table } from '../../output/table.ts';
import type { Format, Terminal } from '../../terminal.ts';
import type { Check, Diagnosis } from './diagnosis.ts';

const LOOKS: Readonly<Record<Check['status'], readonly [mark: string, colour: Format]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
};

/** A diagnosis for people. */
export function doctorLines({ outStyle: style, columns }: Terminal, diagnosis: Diagnosis): string[] {
  const { checks, configuration, store, node } = diagnosis;
  const look = { style, columns };
  return [
    ...checks.map(({ name, status, message }) => {
      const [mark, colour] = LOOKS[status];
      return `${style(colour, mark)} ${name.padEnd(11)} ${safeText(message)}`;
    }),
    '',
    ...table(
      [
        { title: 'SETTING', of: ({ name }) => name },
        { title: 'VALUE', of: ({ value }) => value, shrinks: true },
        { title: 'FROM', of: ({ source }) => source },
      ],
      [
        ...configuration,
        { name: 'node', value: `${node.version} on ${node.platform}`, source: 'this process' },
      ],
      look,
    ),
    ...durabilityLines(diagnosis),
    ...(store.engines.length === 0 ? [] : ['', ...engineTable(diagnosis, look)]),
  ];
}

function durabilityLines({ store: { durability } }: Diagnosis): string[] {
  if (durability === null) return [];
  const { profile, processKill, osCrash, nodeLoss } = durability;
  return [
    '',
    `durability ${profile}`,
    `  when a process is killed: ${processKill}`,
    `  when the machine crashes: ${osCrash}`,
    `  when the machine is lost: ${nodeLoss}`,
  ];
}

function engineTable({ store }: Diagnosis, look: Parameters<typeof table>[2]): string[] {
  return table(
    [
      { title: 'ENGINE', of: ({ name }) => name },
      { title: 'HOST', of: ({ host }) => host },
      { title: 'PID', of: ({ pid }) => String(pid), align: 'right' },
      { title: 'LAST BEAT', of: ({ beatAgeMs }) => `${span(beatAgeMs)} ago` },
      { title: 'INCARNATION', of: ({ engineId }) => engineId },
    ],
    store.engines,
    look,
  );
}
