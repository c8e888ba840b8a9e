/** Everything that brings a ClickHouse to the schema of this release. Entry of `@millrace/schemas/migrations`. */

export type { MigrationEffects, MigrationStep, RunStatement } from './migrate/effects.ts'
export {
  type AppliedMigration,
  applyMigrations,
  type Migration,
  MigrationFailure,
  type MigrationTarget,
  type PendingMigration,
  parseMigrationFile,
} from './migrate/files.ts'
export { type Loss, LossRefused } from './migrate/loss.ts'
export {
  describeRules,
  type RetentionChange,
  readRetention,
  type SourceRetention,
} from './migrate/retention.ts'
export { checkDatabaseName, splitStatements } from './migrate/statements.ts'
export {
  migrateWarehouse,
  type PlannedStatement,
  planWarehouse,
  readWarehouse,
  type WarehouseStatus,
} from './migrate/warehouse.ts'
