import { type Static, Type } from 'typebox'
import { Id, StringEnum, Timestamp } from './json-schema.ts'
import { Amounts } from './limits.ts'

export const DEFAULT_RESERVE_SECONDS = 300
export const MAX_RESERVE_SECONDS = 3600

export const SettleReservation = Type.Object(
  {
    cost: Amounts,
  },
  {
    title: 'SettleReservation',
    additionalProperties: false,
    description:
      'What was really used, by the names that were reserved. A name left out is charged as it was reserved.',
    examples: [{ cost: { tokens: 1234 } }],
  },
)
export type SettleReservation = Static<typeof SettleReservation>

export const Reservation = Type.Object(
  {
    id: Id('Id of the reservation.'),
    keyId: Id('Id of the key.'),
    state: StringEnum(['settled', 'released', 'expired'], {
      description:
        'How it ended, which is final: settled, released, or expired when neither came in time.',
    }),
    charged: Amounts,
    released: Amounts,
    dropped: Amounts,
    overrun: Type.Boolean({
      description: 'True when more was charged than was reserved. The quota may be exceeded by it.',
    }),
    endedAt: Timestamp('When it ended.'),
  },
  {
    title: 'Reservation',
    description:
      'A reservation that has ended. charged = what counts, released = what was given back, dropped = what counts nowhere, because the quota was set anew since.',
  },
)
export type Reservation = Static<typeof Reservation>
