/**
 * Which file may import which. `npm run boundaries` applies it; STYLE.md says why.
 *
 * TypeScript 7 has no compiler API that dependency-cruiser can use, so swc does the parsing. Without a usable
 * parser the tool finds nothing and is content, therefore scripts/check-boundaries.ts also counts what it read.
 */

const TEST = '(\\.test\\.ts|\\.contract\\.ts|/_[^/]+\\.ts)$|^packages/[^/]+/test/'

const SERVER = '^packages/server/src/'
const RULES = `${SERVER}(keys|policies|tokens|projects|access|audit)/`
const ADAPTERS = `${SERVER}(store/(sqlite|postgres)/|limits/valkey-)`
const STORAGE = `${SERVER}(store|limits)/`
const DRIVER =
  '(^|/)(better-sqlite3|pg|pg-[a-z]+|postgres|iovalkey|ioredis|redis)(/|$)|^(node:)?sqlite$'
const FASTIFY = '(^|/)(fastify|fastify-plugin|@fastify/[^/]+)(/|$)'

/** Workspace folder -> what it may import of ours. A folder that is missing here may import nothing of ours. */
const MAY_IMPORT = {
  'packages/key-format': [],
  'packages/contract': [],
  'packages/terraform-sdk': [],
  'packages/server': ['packages/key-format', 'packages/contract', 'packages/client'],
  'packages/client': ['packages/key-format', 'packages/contract'],
  'packages/terraform-provider': [
    'packages/client',
    'packages/key-format',
    'packages/terraform-sdk',
  ],
  'packages/cdktf-constructs': ['packages/key-format'],
  'apps/console-lite': ['packages/client', 'packages/key-format'],
  examples: ['packages/client', 'packages/key-format'],
  bench: ['packages/client', 'packages/key-format'],
}

/** Where our code is. */
const CODE = '(packages|apps|examples|bench)/'

/** Matches a workspace folder, and also the package name in case the import could not be resolved to the folder. */
function ours(folders) {
  return folders.flatMap((folder) => [
    `^${folder}/`,
    `^${folder.replace(/^(packages|apps)\//, '@keysmith/')}(/|$)`,
  ])
}

/** Not in the lockfile of the repository: an example and the peers of the benchmark have their own. */
const INSTALLED_ELSEWHERE =
  '^(better-auth|@better-auth|prefixed-api-key|passport|passport-headerapikey)(/|$)'

const ANY_OF_OURS = [`^${CODE}`, '^@keysmith/']

const packageDirections = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `direction-${folder.split('/').at(-1)}`,
  comment: `${folder} may import of ours: ${allowed.join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { path: ANY_OF_OURS, pathNot: ours([folder, ...allowed]) },
}))

const packageRules = [
  ...packageDirections,
  {
    name: 'direction-unlisted',
    comment: 'A new package states its imports in MAY_IMPORT first.',
    severity: 'error',
    from: {
      path: '^(packages|apps)/([^/]+)/',
      pathNot: Object.keys(MAY_IMPORT).map((f) => `^${f}/`),
    },
    to: { path: ANY_OF_OURS, pathNot: ['^$1/$2/', '^@keysmith/$2(/|$)'] },
  },
  {
    name: 'nobody-imports-server',
    comment: 'The server is reached over HTTP. Tests and examples may start it as a process.',
    severity: 'error',
    from: { path: `^${CODE}`, pathNot: '^packages/server/' },
    to: { path: ours(['packages/server']) },
  },
  {
    name: 'contract-as-types-only',
    comment:
      'The client takes types from the contract, never its schemas: they would double its size.',
    severity: 'error',
    from: { path: '^packages/client/src/', pathNot: TEST },
    to: { path: ours(['packages/contract']), dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'frameworks-as-types-only',
    comment:
      'An adapter is given objects of its framework and never loads it: it may not be installed.',
    severity: 'error',
    from: { path: '^packages/client/src/', pathNot: TEST },
    to: { path: '(^|/)(fastify|express|hono|next)(/|$)', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'packages-through-their-exports',
    comment: 'Relative imports stay inside a package; other packages are imported by name.',
    severity: 'error',
    from: { path: `^${CODE}([^/]+)` },
    to: {
      path: '^(packages|apps)/',
      pathNot: '^$1/$2/',
      dependencyTypes: ['local'],
      // The manifest at the top imports packages by name too.
      dependencyTypesNot: ['aliased-workspace'],
    },
  },
]

const serverRules = [
  {
    name: 'only-app-imports-adapters',
    comment:
      'app.ts chooses the adapters; the migrate command may open SQLite without the service.',
    severity: 'error',
    from: { path: SERVER, pathNot: [TEST, `${SERVER}app\\.ts$`, `${SERVER}cli/`, ADAPTERS] },
    to: { path: ADAPTERS },
  },
  {
    name: 'adapters-stay-apart',
    comment: 'SQLite knows nothing of PostgreSQL, and the reverse.',
    severity: 'error',
    from: { path: `${SERVER}store/(sqlite|postgres)/`, pathNot: TEST },
    to: { path: `${SERVER}store/(sqlite|postgres)/`, pathNot: `${SERVER}store/$1/` },
  },
  {
    name: 'only-adapters-import-drivers',
    comment: 'A database driver is named in the adapter that needs it and nowhere else.',
    severity: 'error',
    from: { path: SERVER, pathNot: [TEST, ADAPTERS] },
    to: { path: DRIVER },
  },
  {
    name: 'rules-import-ports-only',
    comment:
      'keys, policies, tokens, projects, access and audit hold the rules of the product: they see ports, never what is behind.',
    severity: 'error',
    from: { path: RULES, pathNot: TEST },
    to: {
      path: SERVER,
      pathNot: [RULES, `${SERVER}(errors|exit)\\.ts$`, `${SERVER}(store|limits)/[a-z-]+\\.ts$`],
    },
  },
  {
    name: 'rules-know-no-framework',
    comment: 'Every rule can be tested without HTTP and without a database file.',
    severity: 'error',
    from: { path: [RULES, STORAGE], pathNot: TEST },
    to: { path: FASTIFY },
  },
  {
    name: 'storage-imports-no-http',
    comment: 'Ports and adapters are below routes, plugins, app and cli.',
    severity: 'error',
    from: { path: STORAGE, pathNot: TEST },
    to: { path: `${SERVER}(routes/|plugins/|cli/|app\\.ts$|config\\.ts$)` },
  },
  {
    name: 'routes-look-down',
    comment: 'A route calls keys (or a port, for a plain read). Wiring and commands are above it.',
    severity: 'error',
    from: { path: `${SERVER}routes/`, pathNot: TEST },
    to: { path: `${SERVER}(cli/|app\\.ts$|config\\.ts$)` },
  },
  {
    name: 'plugins-know-no-route',
    comment: 'app.ts joins plugins and routes.',
    severity: 'error',
    from: { path: `${SERVER}plugins/`, pathNot: TEST },
    to: { path: `${SERVER}(routes/|cli/|app\\.ts$)` },
  },
  {
    name: 'app-knows-no-command',
    comment: 'Everything but cli can run without the command line.',
    severity: 'error',
    from: { path: SERVER, pathNot: [TEST, `${SERVER}cli/`] },
    to: { path: `${SERVER}cli/` },
  },
  {
    name: 'commands-import-app-only',
    comment: 'A command asks the running service or boots the app: one code path for every rule.',
    severity: 'error',
    from: { path: `${SERVER}cli/`, pathNot: TEST },
    to: {
      path: SERVER,
      pathNot: `${SERVER}(cli/|(app|config|data-folder|errors|exit|log|settings|version)\\.ts$|store/sqlite/)`,
    },
  },
  {
    name: 'only-commands-import-client',
    comment:
      'Commands for keys speak to the service from outside, like any caller. Inside it there is no client.',
    severity: 'error',
    from: { path: SERVER, pathNot: [TEST, `${SERVER}cli/`] },
    to: { path: ours(['packages/client']) },
  },
  {
    name: 'leaves-stay-leaves',
    comment:
      'config.ts, settings.ts, project-settings.ts, errors.ts and exit.ts are imported by everybody, so they import nothing above them.',
    severity: 'error',
    from: { path: `${SERVER}(config|errors|exit|settings|project-settings)\\.ts$` },
    to: { path: SERVER, pathNot: `${SERVER}(errors|exit|settings|project-settings)\\.ts$` },
  },
]

const generalRules = [
  {
    name: 'no-cycle',
    comment: 'A cycle hides which file owns the idea.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'unresolvable',
    comment: 'The file or package does not exist, or the package does not export it.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: INSTALLED_ELSEWHERE },
  },
  {
    name: 'not-to-dev-dep',
    comment:
      'Published code imports only what its own package.json lists under dependencies or peerDependencies.',
    severity: 'error',
    from: { path: '^packages/[^/]+/src/', pathNot: TEST },
    to: {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['npm-peer'],
      pathNot: '^(packages|apps)/',
    },
  },
  {
    name: 'not-to-test',
    comment: 'Published code does not import tests or their helpers.',
    severity: 'error',
    from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TEST },
    to: { path: TEST },
  },
]

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [...generalRules, ...packageRules, ...serverRules],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: '(^|/)node_modules/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@keysmith/source', 'import', 'default'],
    },
  },
}
