import type { Argument, Command, Option } from 'commander'

/** Stands for the names of files, which the shell completes better. */
export const FILES = ':files'

/**
 * What may stand in place of the last word, one a line: the word, a tab, a description. Or `FILES`.
 * The words before it are not checked: what is half typed is rarely right.
 */
export function complete(program: Command, words: readonly string[]): string[] {
  const { before, typed } = readWords(words)
  const { command, position, pending } = follow(program, before)
  if (pending) return candidatesOf(pending, typed)
  const [, flag = '', value] = /^(--[^=]+)=(.*)$/.exec(typed) ?? []
  const option = value === undefined ? undefined : findOption(command, flag)
  if (option && value !== undefined) {
    return candidatesOf(option, value).map((word) => (word === FILES ? word : `${flag}=${word}`))
  }
  if (typed.startsWith('-')) return startingWith(typed, command.options.map(optionLine))
  const argument = command.registeredArguments.at(position) ?? lastIfVariadic(command)
  const commands = position > 0 ? [] : command.createHelp().visibleCommands(command)
  const names = commands.map((subcommand) => `${subcommand.name()}\t${subcommand.description()}`)
  return [...startingWith(typed, names), ...(argument ? candidatesOf(argument, typed) : [])]
}

/** Bash makes three words of `--kind=live`. */
function readWords(words: readonly string[]): { before: string[]; typed: string } {
  const joined = words.filter((word, index) => word !== '=' || !words[index - 1]?.startsWith('--'))
  const typed = words.at(-1) === '=' ? '' : (joined.pop() ?? '')
  return { before: joined, typed }
}

/** Where the words lead: the command, how many arguments it has, an option that waits for its value. */
function follow(program: Command, words: readonly string[]) {
  let command = program
  let position = 0
  let pending: Option | undefined
  for (const word of words) {
    const subcommand = command.commands.find((known) => known.name() === word)
    if (pending) pending = undefined
    else if (word.startsWith('-')) pending = findOption(command, word)
    else if (subcommand) command = subcommand
    else position += 1
    if (pending && !pending.required) pending = undefined
  }
  return { command, position, pending }
}

function findOption(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => long === word || short === word)
}

function candidatesOf(place: Option | Argument, typed: string): string[] {
  if (place.argChoices) return startingWith(typed, place.argChoices)
  const name = 'flags' in place ? place.flags : place.name()
  return /\b(file|path)\b/.test(name) ? [FILES] : []
}

function optionLine({ long, short, description }: Option): string {
  return `${long ?? short}\t${description}`
}

function startingWith(typed: string, candidates: readonly string[]): string[] {
  return candidates.filter((candidate) => candidate.startsWith(typed))
}

function lastIfVariadic(command: Command): Argument | undefined {
  const last = command.registeredArguments.at(-1)
  return last?.variadic ? last : undefined
}
