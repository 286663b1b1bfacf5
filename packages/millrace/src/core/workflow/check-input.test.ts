import { describe, expect, it } from 'vitest';
import { checkInput, checkInputNow } from './check-input.ts';
import { workflow, type Workflow } from './workflow.ts';

type Validate = NonNullable<Workflow['inputSchema']>['~standard']['validate'];

const withSchema = (validate: Validate) =>
  workflow('order', { input: { '~standard': { version: 1, vendor: 'test', validate } } }, () => 1);
const double = withSchema((value) => ({ value: (value as number) * 2 }));
const picky = withSchema(() => ({
  issues: [{ message: 'not a number', path: ['items', 3, { key: 'price' }] }, { message: 'odd' }],
}));
const slow = withSchema(async (value) => ({ value }));

const refusal = {
  code: 'INVALID_INPUT',
  message: expect.stringMatching(/^input of workflow "order" is refused: items\.3\.price: not a number; odd/),
  details: {
    issues: [
      { path: 'items.3.price', message: 'not a number' },
      { path: '', message: 'odd' },
    ],
  },
};

describe('input', () => {
  it('passes unchanged where there is no schema', async () => {
    const free = workflow('free', () => 1);
    expect(await checkInput(free, 17)).toBe(17);
    expect(checkInputNow(free, 17)).toBe(17);
    expect(await checkInput({ name: 'elsewhere', version: '1' } as never, 17)).toBe(17);
  });

  it('is what the schema makes of it', async () => {
    expect(await checkInput(double, 21)).toBe(42);
    expect(checkInputNow(double, 21)).toBe(42);
    expect(await checkInput(slow, 17)).toBe(17);
  });

  it('that the schema refuses is refused with every issue and its place', async () => {
    await expect(checkInput(picky, 1)).rejects.toMatchObject(refusal);
    expect(() => checkInputNow(picky, 1)).toThrow(expect.objectContaining(refusal) as Error);
  });

  it('cannot wait for a schema inside a turn', () => {
    expect(() => checkInputNow(slow, 1)).toThrow(/the input schema of workflow "order" is asynchronous/);
  });
});
