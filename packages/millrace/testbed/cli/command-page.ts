import type { Argument, Command, Option } from 'commander';

const HEAD = `# All commands at a glance

Made from the program itself. What they mean, and what they print, is told in [cli.md](cli.md).
`;

/** The page of docs that has each command with its arguments and options, as the program has them. */
export function commandPage(program: Command): string {
  const everywhere = `## Everywhere\n\n${optionTable(program.options)}`;
  return [HEAD, everywhere, ...program.commands.flatMap((command) => sectionsOf(command, ''))].join('\n');
}

function sectionsOf(command: Command, chain: string): string[] {
  const name = `${chain} ${command.name()}`.trim();
  const shown = command.registeredArguments.map(argumentText).join(' ');
  const options = command.options.filter(({ hidden }) => !hidden);
  const own = [
    `## \`${name}${shown === '' ? '' : ` ${shown}`}\`\n`,
    `${sentence(command.description())}\n`,
    ...command.registeredArguments.map((argument) => `- \`${argumentText(argument)}\`: ${told(argument)}`),
    ...(command.registeredArguments.length > 0 ? [''] : []),
    ...(options.length > 0 ? [optionTable(options)] : []),
  ];
  return [own.join('\n'), ...command.commands.flatMap((below) => sectionsOf(below, name))];
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => `| \`${cell(option.flags)}\` | ${cell(told(option))} |`);
  return ['| option | |', '|---|---|', ...rows, ''].join('\n');
}

function told({ description, argChoices = [], defaultValue }: Argument | Option): string {
  const choices = argChoices.length > 0 ? ` (${argChoices.join(', ')})` : '';
  const fallback = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  return `${description}${choices}${fallback ? `; default: ${defaultValue}` : ''}`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
