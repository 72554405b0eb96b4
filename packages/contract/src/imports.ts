import { type Static, Type } from 'typebox'
import { FieldProblems } from './errors.ts'
import { Id, Line, StringEnum } from './json-schema.ts'

/** Lines of one import at most. */
export const MAX_IMPORT_LINES = 1000
/** Bytes of one line at most: the largest key with all its attributes. */
export const MAX_IMPORT_LINE_BYTES = 16_384
/** Bytes of one import at most. */
export const MAX_IMPORT_BYTES = 4_194_304

export const ImportQuery = Type.Object(
  {
    project: Type.Optional(
      Line({
        description:
          'Id or name of the project; default: the project of the token, else the project named default.',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    entropyBits: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 4096,
        description:
          'Random bits that each string has, as its issuer attests. From 112 on a fast keyed digest is stored; below, or left out, a slow one (Argon2id).',
      }),
    ),
  },
  {
    title: 'ImportQuery',
    additionalProperties: false,
    description: 'Where to, and how random the strings are.',
  },
)
export type ImportQuery = Static<typeof ImportQuery>

export const ImportReport = Type.Object(
  {
    imported: Type.Integer({ description: 'Lines that made a key.' }),
    existing: Type.Integer({ description: 'Lines whose string the project held before.' }),
    refused: Type.Integer({ description: 'Lines of which nothing was written.' }),
    lines: Type.Array(
      Type.Object({
        line: Type.Integer({ description: 'Number of the line, from 1.' }),
        outcome: StringEnum(['imported', 'existing', 'refused'], {
          description:
            'imported = a new key; existing = the project holds this string, nothing was changed; refused = see code.',
        }),
        keyId: Type.Optional(Id('With imported and existing: id of the key.')),
        code: Type.Optional(
          Type.String({ description: 'With refused: an error code.', examples: ['secret_taken'] }),
        ),
        detail: Type.Optional(
          Type.String({ description: 'With refused: what is wrong. Never a submitted value.' }),
        ),
        fields: Type.Optional(FieldProblems),
      }),
      { description: 'One entry per line that is not empty, in their order.' },
    ),
  },
  { title: 'ImportReport', description: 'What became of each line.' },
)
export type ImportReport = Static<typeof ImportReport>
