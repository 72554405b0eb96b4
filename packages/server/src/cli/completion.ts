import { Argument, type Command } from 'commander'
import { complete } from './completion/complete.ts'
import { SCRIPTS } from './completion/scripts.ts'

const HELP = `
bash  keysmith completion bash > ~/.local/share/bash-completion/completions/keysmith
zsh   keysmith completion zsh > "\${fpath[1]}/_keysmith"
fish  keysmith completion fish > ~/.config/fish/completions/keysmith.fish`

export function defineCompletion(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP)
    .action((shell: keyof typeof SCRIPTS) => {
      process.stdout.write(SCRIPTS[shell])
    })
}

/** What the scripts ask at each press of the tab key: `keysmith complete -- WORD...`. */
export function defineComplete(program: Command): void {
  program
    .command('complete', { hidden: true })
    .argument('[word...]')
    .action((words: string[]) => {
      for (const candidate of complete(program, words)) process.stdout.write(`${candidate}\n`)
    })
}
