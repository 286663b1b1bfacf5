import { checkFormat } from '../format/check-format.ts';
import type { Finding } from '../problem.ts';
import { isJson, type Check } from './check.ts';
import { checkHead } from './check-head.ts';
import { checkNeeds } from './check-needs.ts';
import { checkNode } from './check-nodes.ts';
import type { Templates } from './templates.ts';

/** Enough for a thousand misspelt names among a hundred nodes. */
const MOST_COMPARISONS = 100_000;

/** All that is wrong with a document, and its templates where they are sound. */
export function checkContent(document: unknown): {
  readonly findings: readonly Finding[];
  readonly templates: Templates;
} {
  const templates: Templates = new Map();
  const format = checkFormat(document);
  const isTooLarge = format.some(({ code }) => code === 'TOO_LARGE');
  if (isTooLarge || !isJson(document)) return { findings: format, templates };
  const nodes = isJson(document['nodes']) ? document['nodes'] : {};
  const check: Check = {
    findings: [...format],
    templates,
    ids: new Map(Object.keys(nodes).map((id, position) => [id, position])),
    comparisons: MOST_COMPARISONS,
  };
  checkHead(check, document);
  const speeches = Object.entries(nodes).flatMap(([id, node], position) => {
    return isJson(node) ? checkNode(check, position, id, node) : [];
  });
  checkNeeds(check, nodes, speeches);
  return { findings: check.findings, templates };
}
