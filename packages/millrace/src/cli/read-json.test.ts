import { describe, expect, it } from 'vitest';
import { fakeTerminal } from '../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../testbed/cli/workplace.ts';
import { parseJson, readJsonArgument } from './read-json.ts';

describe('JSON arguments', () => {
  it.each([
    ['{"id":17}}', 1, 10, 'Unexpected non-whitespace character after JSON'],
    ['hello', 1, 1, "Unexpected token 'h'"],
    ['{"a":1,\n "b":tru}', 2, 9, "Unexpected token '}'"],
    ['[1,2', 1, 5, "Expected ',' or ']'"],
    ['', 1, 1, 'it ends too early'],
    ['"abc', 1, 5, 'Unterminated string'],
    ['{"a":"x\ny"}', 1, 8, 'Bad control character'],
  ])('%j is refused at line %i, column %i', (text, line, column, reason) => {
    const message = `--input is not JSON: line ${line}, column ${column}: ${reason}`;
    expect(() => parseJson('--input', text)).toThrow(message);
  });

  it('remind of the two kinds of quotes', () => {
    expect(() => parseJson('payload', 'yes please')).toThrow(`'"yes please"'`);
  });

  it('come from a file or from standard input', async () => {
    using place = workplace();
    const { terminal } = fakeTerminal({ input: '{"id":18}' });
    const path = place.write('input.json', '\uFEFF{"id":17}');
    expect(await readJsonArgument(terminal, '--input', `@${path}`)).toEqual({ id: 17 });
    expect(await readJsonArgument(terminal, '--input', '@-')).toEqual({ id: 18 });
    await expect(readJsonArgument(terminal, '--input', `@${place.folder}/gone.json`)).rejects.toThrow(
      'cannot be read',
    );
    const broken = place.write('broken.json', '{');
    await expect(readJsonArgument(terminal, '--input', `@${broken}`)).rejects.toThrow(
      `--input, ${broken} is not JSON`,
    );
  });
});
