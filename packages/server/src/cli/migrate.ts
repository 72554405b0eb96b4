import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { dataFiles, readConfig } from '../config.ts'
import { ensureDataFolder } from '../data-folder.ts'
import { EXIT, StartRefused } from '../exit.ts'
import { migrateUp, migrationStatus } from '../store/sqlite/migrate.ts'
import { openReader, openWriter } from '../store/sqlite/open-database.ts'
import { takeProcessLock } from '../store/sqlite/process-lock.ts'
import { printJson, printLine } from './print.ts'

export function defineMigrate(migrate: Command): void {
  migrate
    .command('status')
    .description('which migrations the database has and lacks; exit 5 when it lacks some')
    .option('--json', 'print JSON')
    .action(showStatus)
  migrate
    .command('up')
    .description('apply what is missing; the service must be stopped')
    .option('--dry-run', 'only say what would be applied')
    .option('--json', 'print JSON')
    .action(applyMigrations)
}

function showStatus({ json }: { json?: true }): void {
  const { database } = dataFiles(readConfig().config)
  if (!existsSync(database)) {
    throw new StartRefused(EXIT.notFound, `There is no database ${database} yet.`)
  }
  const db = openReader(database)
  const { applied, pending } = migrationStatus(db)
  db.close()
  const names = pending.map((migration) => migration.name)
  if (json) printJson({ applied, pending: names })
  else {
    for (const name of applied) printLine(`applied  ${name}`)
    for (const name of names) printLine(`pending  ${name}`)
  }
  if (pending.length > 0) process.exitCode = EXIT.migration
}

function applyMigrations({ dryRun, json }: { dryRun?: true; json?: true }): void {
  const { config } = readConfig()
  const { database, lock: lockFile } = dataFiles(config)
  ensureDataFolder(config.dataDir)
  const lock = takeProcessLock(lockFile)
  try {
    if (!existsSync(database)) {
      throw new StartRefused(
        EXIT.notFound,
        `There is no database ${database} yet. keysmith serve makes one.`,
      )
    }
    const db = openWriter(database)
    const { pending } = migrationStatus(db)
    const names = dryRun ? pending.map(({ name }) => name) : migrateUp(db, Date.now())
    db.close()
    const done = dryRun ? 'pending' : 'applied'
    if (json) printJson({ [done]: names })
    else for (const name of names) printLine(`${done}  ${name}`)
    if (!json && names.length === 0) printLine('nothing to apply')
  } finally {
    lock.release()
  }
}
