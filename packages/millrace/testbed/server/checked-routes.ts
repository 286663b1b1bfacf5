import { plainJson } from '../../src/core/json/plain-json.ts';
import type { Answer, Route } from '../../src/server/http/route.ts';
import { ROUTES } from '../../src/server/routes/table.ts';

/**
 * The routes, each of which fails where it answers something else than it declares: so that the document made of the
 * declarations is true. `used` collects which answers were seen.
 */
export function checkedRoutes(
  routes: readonly Route[] = ROUTES,
  used: Set<string> = new Set(),
): readonly Route[] {
  return routes.map((route) => ({
    ...route,
    handle: async (taken, context) => {
      const answer = await route.handle(taken, context);
      used.add(`${route.name} ${answer.status}`);
      check(route, answer);
      return answer;
    },
  }));
}

function check({ name, answers }: Route, { status, body }: Answer): void {
  const declared = answers[status];
  if (declared === undefined) throw new Error(`${name} answers ${status}, which it does not declare`);
  const { schema } = declared;
  if (schema === undefined) {
    if (body !== undefined) throw new Error(`${name} ${status} has a body, which it does not declare`);
    return;
  }
  const sent: unknown = body === undefined ? undefined : JSON.parse(plainJson(body));
  const { error } = schema.safeParse(sent);
  if (error !== undefined)
    throw new Error(`${name} ${status} is not what it declares: ${JSON.stringify(error.issues)}`);
}
