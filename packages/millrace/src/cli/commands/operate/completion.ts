import { Argument, type Command } from 'commander';
import type { Cli } from '../../cli.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What can follow a chain of commands: `queues limit` has its options and no further command. */
interface Place {
  /** The chain, separated by spaces; empty: the program itself. */
  readonly chain: string;
  readonly words: readonly { readonly word: string; readonly about: string }[];
}

/** `completion SHELL`: prints a script that lets the shell complete commands and options. */
export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('print a script that lets the shell complete commands and options')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      cli.terminal.out(SCRIPTS[shell](placesOf(program, '')));
    });
}

function placesOf(command: Command, chain: string): Place[] {
  // Options of the program itself may stand anywhere.
  const all = command.parent === null ? [command] : [command, rootOf(command)];
  const options = all.flatMap(({ options: own }) => own).filter(({ hidden }) => !hidden);
  const words = [
    ...command.commands.map((one) => ({ word: one.name(), about: one.description() })),
    ...options.map(({ long, description }) => ({ word: long ?? '', about: description })),
    { word: '--help', about: 'show help' },
  ];
  const below = command.commands.flatMap((one) => placesOf(one, `${chain} ${one.name()}`.trim()));
  return [{ chain, words: words.filter(({ word }) => word !== '') }, ...below];
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** The chain is what stands before the cursor, options left out, as far as it is one. */
const CHAIN = `  local chain='' word
  for word in "\${before[@]}"; do
    case " $chains " in *" \${chain:+$chain/}$word "*) chain="\${chain:+$chain/}$word" ;; esac
  done`;

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (places: readonly Place[]) => string>> = {
  bash: (places) => `_millrace() {
  local chains='${chainsOf(places)}'
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${CHAIN}
  local words=''
  case "$chain" in
${casesOf(places)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _millrace millrace`,
  zsh: (places) => `#compdef millrace
_millrace() {
  local chains='${chainsOf(places)}'
  local -a before=("\${words[@]:1:$((CURRENT - 2))}")
${CHAIN}
  local words=''
  case "$chain" in
${casesOf(places)}
  esac
  compadd -- \${=words} || _files
}
compdef _millrace millrace`,
  fish: (places) =>
    places
      .flatMap(({ chain, words }) =>
        words.map(({ word, about }) => {
          const names = chain === '' ? [] : chain.split(' ');
          const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
          const at = chain === '' ? '__fish_use_subcommand' : seen;
          const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
          return `complete -c millrace -n '${at}' ${what} -d '${about.replaceAll(/['\\]/g, '')}'`;
        }),
      )
      .join('\n'),
};

function chainsOf(places: readonly Place[]): string {
  return places.flatMap(({ chain }) => (chain === '' ? [] : chain.replaceAll(' ', '/'))).join(' ');
}

function casesOf(places: readonly Place[]): string {
  return places
    .map(({ chain, words }) => {
      const all = words.map(({ word }) => word).join(' ');
      return `    '${chain.replaceAll(' ', '/')}') words='${all}' ;;`;
    })
    .join('\n');
}
