import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Problem } from '@keysmith/contract'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'

/** The application with types taken from the schemas of each route. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** The answers that every route may give besides its own. */
export const PROBLEMS = { '4xx': Problem, '5xx': Problem } as const
