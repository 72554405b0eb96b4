export { crc32 } from './checksum.ts'
export {
  formatKey,
  isBrand,
  isKey,
  KEY_PATTERN,
  type KeyKind,
  keyPattern,
  type ParsedKey,
  type ParseFailure,
  parseKey,
} from './format.ts'
export { generateId, generateKey } from './generate.ts'
export { maskKey, redactKeys } from './redact.ts'
