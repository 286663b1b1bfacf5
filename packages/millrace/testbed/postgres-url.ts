/**
 * Where the tests' PostgreSQL is, or undefined when the machine has none. A suite that needs it says so with
 * `describe.skipIf(postgresUrl === undefined)`; the closing report then lists it by name.
 */
export const postgresUrl: string | undefined = process.env['MILLRACE_TEST_POSTGRES'];
