import { Type } from 'typebox'

/** An id in a path: any text, since a malformed id is answered like an absent one. */
export const IdParams = Type.Object({
  id: Type.String({ description: 'Public id.', examples: ['hq8kwyd6tabkegcw'] }),
})

/** A project in a path, by id or name. */
export const ProjectParams = Type.Object({
  id: Type.String({ description: 'Id or name of the project.', examples: ['payments'] }),
})

export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'ETag of the record that was read: 412 when it was changed since.',
    }),
  ),
})

/** Of a verification: the answer of a charge is kept for a minute. */
export const ChargeHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        '1 to 255 visible characters. Repeating a verification with the same key within 60 seconds charges it once.',
    }),
  ),
})

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        '1 to 255 visible characters. Repeating the request with the same key within 24 hours carries it out once.',
    }),
  ),
})
