import { type Static, Type } from 'typebox'
import { Id, StringEnum, Timestamp } from './json-schema.ts'

/** The longest series in one answer. */
export const MAX_USAGE_POINTS = 1000
/** Usage is kept by the hour this long, and by the day from then on. */
export const USAGE_HOURS_KEPT_DAYS = 90
/** So many charged names of a key are kept within an hour; what others charge is not in the usage. */
export const MAX_USAGE_NAMES = 64

export const UsageQuery = Type.Object(
  {
    from: Type.Optional(
      Timestamp(
        'Start, inclusive; taken back to the start of its hour or day. Default: 24 hours or 30 days before to.',
      ),
    ),
    to: Type.Optional(Timestamp('End, exclusive: the points that begin before it. Default: now.')),
    resolution: Type.Optional(
      StringEnum(['hour', 'day'], {
        description: `Length of a point, by UTC. Hours are kept for ${USAGE_HOURS_KEPT_DAYS} days. Default hour.`,
        default: 'hour',
      }),
    ),
  },
  {
    title: 'UsageQuery',
    additionalProperties: false,
    description: 'Which part of the usage, at most 1,000 points.',
  },
)
export type UsageQuery = Static<typeof UsageQuery>

const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description })

export const UsagePoint = Type.Object(
  {
    at: Timestamp('Start of the hour or day.'),
    charged: counts(
      `What was charged, by name. Of a reservation: what it ended with. At most ${MAX_USAGE_NAMES} names of an hour.`,
    ),
    verdicts: counts('Verifications by the code of their verdict.'),
  },
  { title: 'UsagePoint', description: 'The usage of one hour or day.' },
)

export const Usage = Type.Object(
  {
    keyId: Id('Id of the key.'),
    resolution: StringEnum(['hour', 'day'], { description: 'Length of a point.' }),
    from: Timestamp('Start of the first hour or day.'),
    to: Timestamp('End, exclusive: the points begin before it.'),
    points: Type.Array(UsagePoint, {
      description: 'Oldest first; hours and days without usage are left out.',
    }),
  },
  {
    title: 'Usage',
    description:
      'Usage of a key as a series. Written in the background: up to a second late, and what one second counted may be lost in a crash. Quotas never are.',
  },
)
export type Usage = Static<typeof Usage>
