import { readFileSync, readdirSync } from 'node:fs';

/*
 * What the kernel says about a process. Times come in ticks of 10 ms, so a share of less than a second is
 * coarse.
 */

const TICK_MS = 10;

/** Fields of /proc/PID/stat from the state on (field 3), or undefined when the process is gone. */
function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

const PARENT = 1;
const [USER, SYSTEM, REAPED_USER, REAPED_SYSTEM] = [11, 12, 13, 14];

const sum = (stat, fields) => fields.reduce((total, field) => total + Number(stat[field]), 0) * TICK_MS;

/** CPU time of a process, ms, with all its threads; 0 when it is gone. */
export function processCpuMs(pid) {
  const stat = readStat(pid);
  return stat === undefined ? 0 : sum(stat, [USER, SYSTEM]);
}

/** CPU time of a server, ms: its own, that of its live children and that of the children it has buried. */
export function treeCpuMs(pid) {
  const stat = readStat(pid);
  if (stat === undefined) return 0;
  let total = sum(stat, [USER, SYSTEM, REAPED_USER, REAPED_SYSTEM]);
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const child = readStat(entry);
    if (child?.[PARENT] === String(pid)) total += sum(child, [USER, SYSTEM]);
  }
  return total;
}

/** Resident memory in MB (2^20 bytes); 0 when the process is gone. */
export function residentMb(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  } catch {
    return 0;
  }
}

/** The process that started this one: the server behind a database connection, for instance. */
export function parentOf(pid) {
  return Number(readStat(pid)?.[PARENT] ?? 0);
}
