export type QueryValue = string | number | boolean | undefined | readonly (string | number)[];
export type Query = Readonly<Record<string, QueryValue>>;

/** The path with its parameters in place, escaped. */
export function pathOf(template: string, params: Readonly<Record<string, string>> = {}): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(params[name] ?? ''));
}

/** What is not given is left out; of a list each value is given by itself. */
export function queryOf(query: Query = {}): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) pairs.append(name, String(one));
  return pairs.size === 0 ? '' : `?${pairs.toString()}`;
}

/** What means a folder, or nothing, cannot be a part of an address, however it is escaped. */
function segment(text: string): string {
  if (['', '.', '..'].includes(text)) throw new TypeError(`"${text}" cannot be a part of an address`);
  return encodeURIComponent(text);
}
