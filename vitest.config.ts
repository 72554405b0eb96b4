import { defineConfig } from 'vitest/config'

// No 'import' here: vitest hands these to Node, where a `require` would then find ES modules.
const conditions = ['@keysmith/source', 'node']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', '{scripts,bench,examples}/**/*.test.ts'],
    execArgv: ['--conditions=@keysmith/source'],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
