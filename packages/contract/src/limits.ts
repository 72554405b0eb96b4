import { type Static, type TSchema, Type } from 'typebox'
import { Id, Nullable, StringEnum, Timestamp } from './json-schema.ts'

/** Limits of one kind that a key, policy or project may name. */
export const MAX_LIMITS = 8
/** A rate limit counts in a window of at most 31 days; what is longer is a quota. */
const MAX_WINDOW_SECONDS = 2_678_400
const MAX_RATE_LIMIT = 10_000_000

export const LIMIT_NAME_PATTERN = '^[a-z][a-z0-9_]{0,31}$'

export const LimitName = Type.String({
  pattern: LIMIT_NAME_PATTERN,
  description: 'What is counted: lower-case letters, digits and underscores, 32 at most.',
  examples: ['tokens'],
})

function byName<Value extends TSchema>(value: Value, description: string) {
  return Type.Record(Type.String({ pattern: LIMIT_NAME_PATTERN }), value, {
    maxProperties: MAX_LIMITS,
    additionalProperties: false,
    description,
  })
}

export const RateLimit = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_RATE_LIMIT,
      description: 'How much may pass at once, and how much comes back evenly within the window.',
    }),
    windowSeconds: Type.Integer({
      minimum: 1,
      maximum: MAX_WINDOW_SECONDS,
      description: 'Length of the window in seconds, 31 days at most.',
    }),
  },
  {
    title: 'RateLimit',
    additionalProperties: false,
    description: 'A limit that may be lost on a restart: so much per window, without an edge.',
    examples: [{ limit: 600, windowSeconds: 60 }],
  },
)
export type RateLimit = Static<typeof RateLimit>

/** Whom the defaults of a project are for. */
const FOR_OTHERS = 'for keys that set none of their own and have no policy that sets any'

export const RateLimits = byName(
  RateLimit,
  'Rate limits by name, 8 at most. `requests` counts 1 for every request, any other name what the request says in cost or reserve.',
)

export const DefaultRateLimits = byName(RateLimit, `Rate limits by name, 8 at most, ${FOR_OTHERS}.`)

/** An amount of credits, tokens or whatever a limit counts. */
export const Amount = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'A whole amount from 0 to 2^53 - 1.',
})

export const QuotaPeriod = StringEnum(['none', 'day', 'week', 'month'], {
  description:
    'When the count starts again, at 00:00 UTC: never, each day, on Monday, or on the 1st of the month.',
})
export type QuotaPeriod = Static<typeof QuotaPeriod>

const quotaSetting = {
  limit: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The most that may be used within a period.',
  }),
  period: QuotaPeriod,
}
const onExceed = StringEnum(['block'], { description: 'What exceeds the limit is refused.' })

export const Quota = Type.Object(
  { ...quotaSetting, onExceed: Type.Optional(onExceed) },
  {
    title: 'Quota',
    additionalProperties: false,
    description: 'A durable budget: exact, kept over restarts, charged before the answer.',
    examples: [{ limit: 1000, period: 'month' }],
  },
)
export type Quota = Static<typeof Quota>

export const Quotas = byName(
  Quota,
  'Quotas by name, 8 at most. `requests` is charged 1 by every valid request, any other name what the request says in cost or reserve.',
)

export const DefaultQuotas = byName(Quota, `Quotas by name, 8 at most, ${FOR_OTHERS}.`)

const quotaState = {
  ...quotaSetting,
  onExceed,
  used: Type.Integer({ description: 'What was charged in the present period.' }),
  reserved: Type.Integer({ description: 'What open reservations of the present period hold.' }),
  resetsAt: Nullable(Timestamp('resetsAt'), {
    description: 'When the count starts again; null = never.',
  }),
}

/** A quota of a key, with what was used of it. */
export const KeyQuota = Type.Object(quotaState, {
  title: 'KeyQuota',
  description: 'A quota of the key itself, and what was used of it.',
})

const source = Type.Object(
  {
    kind: StringEnum(['key', 'policy', 'project'], { description: 'What sets it.' }),
    id: Id('Id of the key, the policy or the project that sets it.'),
  },
  { description: 'Where the limit comes from. Each source counts for itself, per key.' },
)

export const EffectiveRateLimit = Type.Object(
  { name: LimitName, source, ...RateLimit.properties },
  { title: 'EffectiveRateLimit', description: 'A rate limit that applies to the key.' },
)

export const EffectiveQuota = Type.Object(
  { name: LimitName, source, ...quotaState },
  { title: 'EffectiveQuota', description: 'A quota that applies to the key.' },
)

export const Amounts = byName(Amount, 'Amounts by name, 8 at most.')
export type Amounts = Record<string, number>

/** The same words for the caller of a verification: a bare number means credits. */
export const Cost = Type.Union([Amount, Amounts], {
  description:
    'What the request costs, by name; a bare number means credits. Charged only when the verdict is valid: all of it or nothing. A name that the key has no limit for is counted and limits nothing.',
  examples: [{ credits: 3 }],
})
