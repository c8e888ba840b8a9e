/** What erasing needs of ClickHouse; who talks to it passes that in. */

/** Runs statements with bound parameters (`{name:Type}` in the text); both reject with the client's error. */
export interface EraseStatements {
  /** Runs a statement without a result; resolves when its effect is there for all to read. */
  run: (sql: string, parameters?: Record<string, unknown>) => Promise<void>
  /** Rows of a query; 64-bit integers may be text. */
  read: <Row>(sql: string, parameters?: Record<string, unknown>) => Promise<Row[]>
}

/** Where the rows of tables are. */
export interface Places {
  /** Name of the cluster; absent on one server. */
  cluster?: string
  /** What a statement that changes rows names instead of the table: in a cluster `events_local ON CLUSTER 'name'`. */
  rowsOf: (table: string) => string
}

/** A Distributed table takes neither DELETE nor ALTER: both must go to the tables behind it, on every server. */
export async function readPlaces({ read }: EraseStatements): Promise<Places> {
  const [found] = await read<{ engine: string }>(
    "SELECT engine_full AS engine FROM system.tables WHERE database = currentDatabase() AND name = 'events' AND engine = 'Distributed'",
  )
  // The name is given on as the literal that it is there.
  const cluster = /^Distributed\(('(?:[^'\\]|\\.)*'|\w+)/.exec(found?.engine ?? '')?.[1]
  if (cluster === undefined) return { rowsOf: (table) => table }
  return { cluster, rowsOf: (table) => `${table}_local ON CLUSTER ${cluster}` }
}

/** Items in groups of at most `size`, in order. */
export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
  return chunks
}
