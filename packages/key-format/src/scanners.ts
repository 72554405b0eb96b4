import { formatKey, type KeyKind, KINDS, keyPattern } from './format.ts'

/** The ids of the published test vectors: secrets with them are documentation, never real. */
const PUBLISHED = '_1(?:0{16}|z{16}|000g40r40m30e209)_'
const PUBLISHED_ID = new RegExp(`^${PUBLISHED}$`)

/** Whether an id belongs to the published test vectors: everybody knows their secrets. */
export function isPublished(id: string): boolean {
  return PUBLISHED_ID.test(`_1${id}_`)
}

/** The settings of one brand for the scanners that look for leaked secrets. */
export interface ScannerRules {
  /** A rule of `gitleaks.toml`. */
  gitleaks: string
  /** The fields of a custom pattern in GitHub's secret scanning, and texts that must match it. */
  github: { pattern: string; before: string; after: string; tests: readonly string[] }
  /** A complete `.secretlintrc.json` for `@secretlint/secretlint-rule-pattern`. */
  secretlint: object
  /** A configuration file of TruffleHog with one custom detector. */
  trufflehog: string
  /** The bare pattern, as `keyPattern`. */
  regex: string
}

/**
 * Writes the rules with which common scanners find the secrets of one brand, by default of the four
 * kinds. The published test vectors are allow-listed where the scanner can. An installation with
 * several brands exports the rules of each.
 *
 * `publicUrl` is the address of the server as TruffleHog reaches it, by default a placeholder; the
 * detector's header holds a placeholder for a management token with `leaks:report` and nothing else.
 *
 * @throws RangeError when the brand is not a project's brand, a kind is outside the grammar, there is
 * no kind, or `publicUrl` is not an http or https address.
 */
export function scannerRules(
  brand: string,
  options: { kinds?: readonly KeyKind[]; publicUrl?: string } = {},
): ScannerRules {
  const { kinds = KINDS, publicUrl = 'https://keysmith.example.com' } = options
  if (!/^https?:\/\/\S+$/.test(publicUrl)) throw new RangeError('Not an http or https address')
  const regex = keyPattern(brand, kinds)
  const keywords = kinds.map((kind) => `${brand}_${kind}_1`)
  return {
    gitleaks: gitleaksRule(brand, regex, keywords),
    github: {
      pattern: regex,
      before: '\\A|[^0-9A-Za-z]',
      after: '\\z|[^0-9A-Za-z]',
      tests: kinds.map((kind) => publishedSecret(brand, kind)),
    },
    secretlint: {
      rules: [
        {
          id: '@secretlint/secretlint-rule-pattern',
          options: {
            allows: [`/${PUBLISHED}/`],
            patterns: [{ name: `keysmith-${brand}`, patterns: [`/\\b${regex}\\b/`] }],
          },
        },
      ],
    },
    trufflehog: trufflehogDetector(brand, regex, keywords, publicUrl),
    regex,
  }
}

function gitleaksRule(brand: string, regex: string, keywords: readonly string[]): string {
  return `[[rules]]
id = "keysmith-${brand}"
description = "Keysmith secret with brand ${brand}: it may give access to the APIs behind it."
regex = '''\\b(${regex})\\b'''
entropy = 3.5
keywords = [${keywords.map((keyword) => `"${keyword}"`).join(', ')}]
[[rules.allowlists]]
regexes = ['''${PUBLISHED}''']     # published vectors
`
}

// JSON strings are YAML strings, so an address cannot leave its place.
function trufflehogDetector(
  brand: string,
  regex: string,
  keywords: readonly string[],
  publicUrl: string,
): string {
  const endpoint = `${publicUrl.replace(/\/$/, '')}/v1/leaks/trufflehog`
  return `detectors:
  - name: keysmith-${brand}
    description: "Keysmith secret with brand ${brand}: it may give access to the APIs behind it."
    keywords:
${keywords.map((keyword) => `      - ${keyword}`).join('\n')}
    regex:
      secret: '\\b${regex}\\b'
    exclude_regexes_match:
      - '${PUBLISHED}'
    verify:
      - endpoint: ${JSON.stringify(endpoint)}
        unsafe: ${publicUrl.startsWith('http:')}
        headers:
          - 'Authorization: Bearer <management token that holds leaks:report only>'
        successRanges:
          - '200'
        rotatedRanges:
          - '404'
`
}

function publishedSecret(brand: string, kind: KeyKind): string {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => index)
  return formatKey({ brand, kind, id: bytes.subarray(0, 10), random: bytes })
}
