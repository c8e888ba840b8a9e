/** The embedded ClickHouse as `checkInWarehouse` wants it: with the sink's own way to insert. */

import { createStatements } from '../../../consumers/src/statements.ts'
import { createWarehouse } from '../../../consumers/src/warehouse/insert.ts'
import { DATABASE } from '../../../local/src/migrate.ts'
import { startWarehouse } from '../../support/warehouse.ts'
import type { RealWarehouse } from './check-in-warehouse.ts'

/** Starts it, migrated and empty. */
export async function startRealWarehouse(): Promise<RealWarehouse & { stop: () => Promise<void> }> {
  const { url, stop } = await startWarehouse()
  const connection = { url, username: 'default', password: '', database: DATABASE }
  const { insert } = createWarehouse(connection)
  return { ...createStatements(connection), insert: (table, rows) => insert(table, rows as never), stop }
}
