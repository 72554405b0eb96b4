import type { Deps } from '../keys/deps.ts'
import { checkAuditChainRoute } from './check-audit-chain.ts'
import { createKeyRoute } from './keys/create-key.ts'
import { disableKeyRoute } from './keys/disable-key.ts'
import { enableKeyRoute } from './keys/enable-key.ts'
import { getKeyRoute } from './keys/get-key.ts'
import { getUsageRoute } from './keys/get-usage.ts'
import { listKeysRoute } from './keys/list-keys.ts'
import { revokeKeyRoute } from './keys/revoke-key.ts'
import { rotateKeyRoute } from './keys/rotate-key.ts'
import { setOverlapRoute } from './keys/set-overlap.ts'
import { setQuotaUsedRoute } from './keys/set-quota-used.ts'
import { updateKeyRoute } from './keys/update-key.ts'
import { listAuditEventsRoute } from './list-audit-events.ts'
import { createPolicyRoute } from './policies/create-policy.ts'
import { deletePolicyRoute } from './policies/delete-policy.ts'
import { getPolicyRoute } from './policies/get-policy.ts'
import { listPoliciesRoute } from './policies/list-policies.ts'
import { updatePolicyRoute } from './policies/update-policy.ts'
import { createProjectRoute } from './projects/create-project.ts'
import { deleteProjectRoute } from './projects/delete-project.ts'
import { getProjectRoute } from './projects/get-project.ts'
import { listProjectsRoute } from './projects/list-projects.ts'
import { updateProjectRoute } from './projects/update-project.ts'
import type { App } from './route.ts'
import { createTokenRoute } from './tokens/create-token.ts'
import { listTokensRoute } from './tokens/list-tokens.ts'
import { revokeTokenRoute } from './tokens/revoke-token.ts'
import { whoamiRoute } from './whoami.ts'

/** The routes that take a body of one JSON object or none, and share the hooks of their scope in `app.ts`. */
export function managementRoutes(app: App, deps: Deps): void {
  createKeyRoute(app, deps)
  listKeysRoute(app, deps)
  getKeyRoute(app, deps)
  getUsageRoute(app, deps)
  updateKeyRoute(app, deps)
  disableKeyRoute(app, deps)
  enableKeyRoute(app, deps)
  revokeKeyRoute(app, deps)
  rotateKeyRoute(app, deps)
  setOverlapRoute(app, deps)
  setQuotaUsedRoute(app, deps)
  createPolicyRoute(app, deps)
  listPoliciesRoute(app, deps)
  getPolicyRoute(app, deps)
  updatePolicyRoute(app, deps)
  deletePolicyRoute(app, deps)
  createProjectRoute(app, deps)
  listProjectsRoute(app, deps)
  getProjectRoute(app, deps)
  updateProjectRoute(app, deps)
  deleteProjectRoute(app, deps)
  createTokenRoute(app, deps)
  listTokensRoute(app, deps)
  revokeTokenRoute(app, deps)
  listAuditEventsRoute(app, deps)
  whoamiRoute(app)
  checkAuditChainRoute(app, deps)
}
