import { join } from 'node:path'
import { showProtectedApi } from '../support/protected-api.ts'

await showProtectedApi({
  server: join(import.meta.dirname, 'server.ts'),
  path: '/v1/models/small-1/jobs',
  otherModel: '/v1/models/large-1/jobs',
})
