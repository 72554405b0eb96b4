import type { Reservation } from '@keysmith/client'
import type { Command } from 'commander'
import { withClient } from './client.ts'
import { readId } from './ids.ts'
import { formatAmounts } from './keys/present-limits.ts'
import { collectAmounts } from './limits.ts'
import { printJson } from './print.ts'
import { printFacts } from './table.ts'

interface Options {
  cost?: Record<string, number>
  json?: true
}

export function defineReservation(reservation: Command): void {
  reservation
    .command('settle')
    .description('charge what was really used of a reservation, and give back the rest')
    .argument('<id>', 'id of the reservation', readId)
    .option(
      '--cost <name=amount>',
      'what was used; repeatable; what is not named is charged as it was reserved',
      collectAmounts,
    )
    .option('--json', 'print JSON')
    .action(async (id: string, { cost = {}, json }: Options) => {
      show(await withClient((client) => client.reservations.settle(id, cost)), json)
    })
  reservation
    .command('release')
    .description('give back everything that was reserved')
    .argument('<id>', 'id of the reservation', readId)
    .option('--json', 'print JSON')
    .action(async (id: string, { json }: Options) => {
      show(await withClient((client) => client.reservations.release(id)), json)
    })
}

function show(reservation: Reservation, json: true | undefined): void {
  const { id, keyId, state, charged, released, dropped, overrun } = reservation
  if (json) printJson(reservation)
  else {
    printFacts({
      id,
      key: keyId,
      state,
      charged: formatAmounts(charged) + (overrun ? ', more than was reserved' : ''),
      released: formatAmounts(released),
      ...(Object.keys(dropped).length > 0 && { dropped: formatAmounts(dropped) }),
    })
  }
}
