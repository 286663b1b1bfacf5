/** `SELECT * FROM millrace.name($1, …)`: the same text each time. */
export function functionCall(name: string, parameters: number): string {
  const places = Array.from({ length: parameters }, (_, index) => `$${index + 1}`);
  return `SELECT * FROM millrace.${name}(${places.join(', ')})`;
}
