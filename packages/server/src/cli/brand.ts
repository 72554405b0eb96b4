import { isBrand } from '@keysmith/key-format'
import { InvalidArgumentError } from 'commander'

export function readBrand(text: string): string {
  if (isBrand(text)) return text
  throw new InvalidArgumentError('Give 2 to 12 lower-case letters and digits, not "example".')
}
