import { rateOf, together } from './limits.ts'
import {
  isUsedUp,
  type KeyDraft,
  LineRefused,
  limitsOf,
  type Row,
  readLabels,
  readSwitch,
  readText,
  readTexts,
  readTime,
} from './record.ts'
import { readSha256 } from './sha256-text.ts'

const EVERY_MODEL = 'all-proxy-models'
const LIMITS = [
  'max_budget',
  'model_max_budget',
  'budget_id',
  'tpm_limit',
  'rpm_limit',
  'max_parallel_requests',
  'allowed_routes',
]
const MINUTE_MS = 60_000
const GROUP = /^(all-team-models|no-default-models)$/

/** A row of `LiteLLM_VerificationToken`: `token` is the SHA-256 in hex. */
export function fromLitellm(row: Row): KeyDraft {
  const secretSha256 = readSha256(readText(row, 'token') ?? '')
  if (secretSha256 === null) throw new LineRefused('token is not a SHA-256')
  const owner = readText(row, 'user_id', 'team_id')
  // A budget there is money, in fractions.
  const { fields, columns } = together(
    rateOf('requests', { limit: row.rpm_limit, windowMs: MINUTE_MS }, 'rpm_limit'),
    rateOf('tokens', { limit: row.tpm_limit, windowMs: MINUTE_MS }, 'tpm_limit'),
  )
  return {
    key: {
      secretSha256,
      name: readText(row, 'key_alias', 'key_name'),
      ...(owner !== null && { owner }),
      enabled: !readSwitch(row, 'blocked', false) && !isUsedUp(row, 'max_budget', 'spend'),
      expiresAt: readTime(row, 'expires'),
      allowedModels: readModels(row),
      ...readLabels(row, 'metadata'),
      ...fields,
    },
    dropped: limitsOf(row, ...LIMITS.filter((name) => !columns.includes(name))),
  }
}

/** There an empty list is every model; here it would be none. */
function readModels(row: Row): string[] | null {
  const models = readTexts(row, 'models') ?? []
  if (models.some((model) => GROUP.test(model))) {
    throw new LineRefused('models names a group of another table; write the models instead')
  }
  return models.length === 0 || models.includes(EVERY_MODEL) ? null : models
}
