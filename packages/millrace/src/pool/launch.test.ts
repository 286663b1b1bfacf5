import { expect, it } from 'vitest';
import { inherited, nodeProcesses } from './launch.ts';

it('workers take over the loaders of their engine, not its program, limits and debugger', () => {
  const loaders = ['--import', 'tsx', '--conditions=custom'];
  const own = [
    '--inspect-brk=9229',
    '--max-old-space-size=4096',
    '--watch',
    '--test-only',
    '--input-type=module',
  ];
  expect(inherited([...own, '-e', 'await 1', ...loaders, '--eval=1'])).toEqual(loaders);
  expect(inherited(['--print', 'process.pid'])).toEqual([]);
});

it.runIf(process.platform === 'linux')('what a process uses is known without asking it', () => {
  const before = nodeProcesses.usage(process.pid);
  const end = usedMs() + 200;
  while (usedMs() < end);
  const after = nodeProcesses.usage(process.pid);
  expect((after?.cpuMs ?? 0) - (before?.cpuMs ?? 0)).toBeGreaterThanOrEqual(150);
  expect(after?.rssMb).toBeGreaterThan(20);
  expect(nodeProcesses.usage(-1)).toBeUndefined();
});

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
