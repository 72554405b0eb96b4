import { styleText } from 'node:util'

export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'title'

const FORMATS = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  dim: 'dim',
  title: 'bold',
} as const satisfies Record<Tone, string>

/** Colours a text for standard output: on a terminal, unless NO_COLOR says otherwise, or FORCE_COLOR does. */
export function paint(tone: Tone | undefined, text: string): string {
  return tone === undefined ? text : styleText(FORMATS[tone], text, { stream: process.stdout })
}

// Controls can steer a terminal, and marks of direction can make a text read as another one.
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/gu

/** Makes the characters visible that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same for a text of several lines, which stay apart. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

const TONES: Record<string, Tone> = { active: 'good', disabled: 'warn', not_yet_valid: 'warn' }

/** The colour of a status: what works, what may work again, what does not. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? 'bad'
}
