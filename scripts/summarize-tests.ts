import { readFileSync } from 'node:fs'

/** Prints the closing line of a run in plain words, and fails when a test was skipped or none ran. */
const report = JSON.parse(readFileSync(process.argv[2] ?? 'reports/tests.json', 'utf8'))
const passed: number = report.numPassedTests
const failed: number = report.numFailedTests
const skipped: number = report.numPendingTests + report.numTodoTests

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
if (passed === 0 || failed > 0 || skipped > 0) process.exitCode = 1
