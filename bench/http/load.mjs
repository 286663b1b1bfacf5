import { now, sleep } from '../measure/clock.mjs';
import { quantile } from '../measure/statistics.mjs';
import { openWire } from './wire.mjs';

/** As fast as the server answers: every connection sends its next request when it has its answer. */
export async function closedLoop({ url, connections, seconds, request, good }) {
  const wires = await Promise.all(Array.from({ length: connections }, () => openWire(url)));
  const until = now() + seconds * 1000;
  const latencies = [];
  let turn = 0;
  const startedAt = now();
  await Promise.all(
    wires.map(async (wire) => {
      while (now() < until) {
        const sentAt = now();
        const answer = await wire.ask(request(turn++));
        latencies.push(now() - sentAt);
        if (!good(answer.status)) throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 300)}`);
      }
    }),
  );
  const elapsed = (now() - startedAt) / 1000;
  for (const wire of wires) wire.close();
  return {
    perSecond: latencies.length / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/**
 * At a rate that does not depend on the server: a request that has to wait for a connection has waited since it was due, so
 * that a stall is seen by all that it holds up.
 */
export async function openLoop({ url, connections, seconds, perSecond, request, good }) {
  const wires = await Promise.all(Array.from({ length: connections }, () => openWire(url)));
  const free = [...wires];
  const waiting = [];
  const latencies = [];
  let refused = 0;
  const send = async (wire, { dueAt, text }) => {
    const { status } = await wire.ask(text);
    latencies.push(now() - dueAt);
    if (!good(status)) refused++;
    free.push(wire);
    pump();
  };
  const pump = () => {
    while (free.length > 0 && waiting.length > 0) void send(free.shift(), waiting.shift());
  };
  const total = Math.round(seconds * perSecond);
  const startedAt = now();
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, 1 + Math.floor(((now() - startedAt) / 1000) * perSecond));
    for (; sent < due; sent++)
      waiting.push({ dueAt: startedAt + (sent / perSecond) * 1000, text: request(sent) });
    pump();
    await sleep(1);
  }
  while (latencies.length < total) await sleep(5);
  for (const wire of wires) wire.close();
  return {
    perSecond: total / ((now() - startedAt) / 1000),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    refused,
  };
}
