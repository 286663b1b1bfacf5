import { workflow } from 'millrace';

/** What the server of a case can execute. */
export const workflows = [workflow('nothing', (_ctx, input) => input)];
