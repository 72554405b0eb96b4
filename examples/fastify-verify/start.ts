import { join } from 'node:path'
import { showProtectedApi } from '../support/protected-api.ts'

await showProtectedApi({ server: join(import.meta.dirname, 'server.ts'), path: '/jobs' })
