/** For a runtime that runs a module as it is: Bun and Deno. */
import { lifeOfKey } from './life-of-key.ts'

const { KEYSMITH_ENDPOINT = '', KEYSMITH_TOKEN = '', CLOSED_URL = '' } = process.env
await lifeOfKey({ baseUrl: KEYSMITH_ENDPOINT, token: KEYSMITH_TOKEN, closedUrl: CLOSED_URL })
console.log(`ok    ${navigator.userAgent}`)
