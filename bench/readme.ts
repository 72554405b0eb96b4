import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KeptResult, toLine } from './result.ts'

const FILE = join(import.meta.dirname, 'README.md')

/** Puts the lines of a result into its section of the README, in place of those before. */
export function showInReadme(name: string, result: KeptResult): void {
  const text = readFileSync(FILE, 'utf8')
  const table = '```text\\n[^]*?\\nFrom `[^\\n]*\\n'
  const section = new RegExp(
    `(\\n## ${name}\\n(?:(?!\\n## )[^])*?)(?:${table}|No full run yet\\.\\n)`,
  )
  if (!section.test(text)) throw new Error(`bench/README.md has no table in a section ${name}`)
  writeFileSync(
    FILE,
    text.replace(section, (_all, before: string) => before + toTable(result)),
  )
}

export function toTable({ file, machine, rounds, figures }: KeptResult): string {
  const lines = figures.map(toLine).join('\n')
  const { node, busy } = machine
  const load = busy === undefined ? '' : `, load average ${busy.toFixed(1)} before it`
  return `\`\`\`text\n${lines}\n\`\`\`\nFrom \`results/${file}\`: Node ${node}, ${rounds} rounds${load}.\n`
}
