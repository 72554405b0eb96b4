import underPressure from '@fastify/under-pressure'
import type { FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { ApiError } from '../errors.ts'

/** The start itself keeps the event loop from turning: only what comes after it is load. */
const START_MS = 5000

export interface LoadSheddingOptions {
  isLocal: (request: FastifyRequest) => boolean
  /** Mean lag of the event loop over a second from which on requests are refused; 0 = never. */
  maxLoopDelayMs: number
}

/** Refuses requests while the event loop lags. Commands of the machine go on: they put it right. */
export const loadShedding = fastifyPlugin<LoadSheddingOptions>(
  async (app, { isLocal, maxLoopDelayMs }) => {
    const startedAt = performance.now()
    await app.register(underPressure, {
      maxEventLoopDelay: maxLoopDelayMs,
      pressureHandler: (request) => {
        if (isLocal(request) || performance.now() - startedAt < START_MS) return
        throw new ApiError('overloaded', { retryAfterSeconds: 1 })
      },
    })
  },
)
