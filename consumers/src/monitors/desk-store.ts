/** Tables of the monitors in a Durable Object's SQLite. A row written costs money, so rows are written when something changed. */

/** What is used of a Durable Object's `SqlStorage`. */
export interface DeskSql {
  exec: (query: string, ...bindings: (string | number | null)[]) => { toArray: () => object[] }
}

/** How a monitor was when that last changed. */
export interface StoredState {
  state: 'ok' | 'firing'
  since: number
  /** Of the result that changed something last: an older one is late. */
  at: number
  message: string
}

/** A key that fires. */
export interface StoredKey {
  key: string
  since: number
  /** Empty where it was to be forgotten while it fires: it is shown and told to nobody any more. */
  message: string
  value: number | null
}

/** A notification that is not delivered yet. */
export interface StoredNotification {
  seq: number
  /** The header `webhook-id`. */
  id: string
  monitor: string
  webhook: string
  body: string
  created: number
  attempts: number
  due: number
}

/** What could not be delivered. */
export interface StoredFailure {
  monitor: string
  webhook: string
  at: number
  count: number
  error: string
}

/** The first notification of a monitor and webhook: those after it wait. */
export type Head = Pick<StoredNotification, 'seq' | 'monitor' | 'webhook' | 'due'>

/** The tables. */
export type DeskStore = ReturnType<typeof createDeskStore>

const TABLES = [
  `CREATE TABLE IF NOT EXISTS monitor_states (
    monitor TEXT PRIMARY KEY, state TEXT NOT NULL, since INTEGER NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS monitor_keys (
    monitor TEXT NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, message TEXT NOT NULL, value REAL,
    PRIMARY KEY (monitor, key)
  ) WITHOUT ROWID`,
  // Without an index: it is small, and an index would be another row to write for each.
  `CREATE TABLE IF NOT EXISTS monitor_outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, monitor TEXT NOT NULL, webhook TEXT NOT NULL, body TEXT NOT NULL,
    created INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS monitor_undelivered (
    monitor TEXT NOT NULL, webhook TEXT NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, error TEXT NOT NULL,
    PRIMARY KEY (monitor, webhook)
  ) WITHOUT ROWID`,
]

const SETTINGS_TABLE =
  'CREATE TABLE IF NOT EXISTS monitor_settings (id INTEGER PRIMARY KEY, text TEXT NOT NULL)'

/** What the monitors were when the object last heard of them, so that one that wakes knows them before the cron speaks. */
export function createSettingsStore(sql: DeskSql) {
  sql.exec(SETTINGS_TABLE)
  return {
    read(): string | undefined {
      const [row] = sql.exec('SELECT text FROM monitor_settings').toArray() as { text: string }[]
      return row?.text
    },
    write(text: string): void {
      sql.exec('INSERT OR REPLACE INTO monitor_settings VALUES (1, ?)', text)
    },
  }
}

/** The tables, made where they are missing. */
export function createDeskStore(sql: DeskSql) {
  for (const table of TABLES) sql.exec(table)
  const read = <Row extends object>(query: string, ...values: (string | number | null)[]): Row[] =>
    sql.exec(query, ...values).toArray() as Row[]
  return {
    /** Forgets monitors and webhooks that there are no more, with what was still to be told of them. */
    keepOnly(monitors: readonly string[], webhooks: readonly string[]): void {
      const known = JSON.stringify(monitors)
      for (const table of ['monitor_states', 'monitor_keys', 'monitor_outbox', 'monitor_undelivered'])
        sql.exec(`DELETE FROM ${table} WHERE monitor NOT IN (SELECT value FROM json_each(?))`, known)
      for (const table of ['monitor_outbox', 'monitor_undelivered'])
        sql.exec(
          `DELETE FROM ${table} WHERE webhook NOT IN (SELECT value FROM json_each(?))`,
          JSON.stringify(webhooks),
        )
    },
    stateOf(monitor: string): StoredState | undefined {
      return read<StoredState>(
        'SELECT state, since, at, message FROM monitor_states WHERE monitor = ?',
        monitor,
      )[0]
    },
    setState(monitor: string, { state, since, at, message }: StoredState): void {
      sql.exec(
        'INSERT OR REPLACE INTO monitor_states VALUES (?, ?, ?, ?, ?)',
        monitor,
        state,
        since,
        at,
        message,
      )
    },
    keysOf(monitor: string): StoredKey[] {
      return read<StoredKey>(
        'SELECT key, since, message, value FROM monitor_keys WHERE monitor = ? ORDER BY key',
        monitor,
      )
    },
    addKey(monitor: string, { key, since, message, value }: StoredKey): void {
      sql.exec(
        'INSERT OR REPLACE INTO monitor_keys VALUES (?, ?, ?, ?, ?)',
        monitor,
        key,
        since,
        message,
        value,
      )
    },
    removeKey(monitor: string, key: string): void {
      sql.exec('DELETE FROM monitor_keys WHERE monitor = ? AND key = ?', monitor, key)
    },
    /** Judges these monitors anew, whatever of when was judged last. */
    resetTimes(monitors: readonly string[]): void {
      sql.exec(
        'UPDATE monitor_states SET at = 0 WHERE monitor IN (SELECT value FROM json_each(?))',
        JSON.stringify(monitors),
      )
    },
    /** Forgets keys, with what was still to be told of them. With `isHeld` it remains that they fire. */
    forgetKeys(monitor: string, keys: readonly string[], isHeld: boolean): void {
      const values = [monitor, JSON.stringify(keys)]
      const among = 'IN (SELECT value FROM json_each(?))'
      sql.exec(
        `DELETE FROM monitor_outbox WHERE monitor = ? AND json_extract(body, '$.data.key') ${among}`,
        ...values,
      )
      sql.exec(
        isHeld
          ? `UPDATE monitor_keys SET message = '', value = NULL WHERE monitor = ? AND key ${among}`
          : `DELETE FROM monitor_keys WHERE monitor = ? AND key ${among}`,
        ...values,
      )
    },
    /** Keys of notifications that wait. */
    waitingKeys(): { monitor: string; key: string }[] {
      return read<{ monitor: string; key: string }>(
        "SELECT DISTINCT monitor, json_extract(body, '$.data.key') AS key FROM monitor_outbox WHERE key IS NOT NULL",
      )
    },
    addNotification(one: Omit<StoredNotification, 'seq' | 'attempts'>): void {
      const { id, monitor, webhook, body, created, due } = one
      sql.exec(
        'INSERT INTO monitor_outbox (id, monitor, webhook, body, created, attempts, due) VALUES (?, ?, ?, ?, ?, 0, ?)',
        ...[id, monitor, webhook, body, created, due],
      )
    },
    notification(seq: number): StoredNotification | undefined {
      return read<StoredNotification>('SELECT * FROM monitor_outbox WHERE seq = ?', seq)[0]
    },
    removeNotification(seq: number): void {
      sql.exec('DELETE FROM monitor_outbox WHERE seq = ?', seq)
    },
    postpone(seq: number, attempts: number, due: number): void {
      sql.exec('UPDATE monitor_outbox SET attempts = ?, due = ? WHERE seq = ?', attempts, due, seq)
    },
    /** SQLite takes the other columns from the row that has the least `seq`. */
    heads(): Head[] {
      return read<Head>(
        'SELECT min(seq) AS seq, monitor, webhook, due FROM monitor_outbox GROUP BY monitor, webhook',
      )
    },
    /** Those of a webhook beyond so many, the oldest first. */
    oldestBeyond(webhook: string, count: number): StoredNotification[] {
      return read<StoredNotification>(
        'SELECT * FROM monitor_outbox WHERE webhook = ?1 AND seq <= (SELECT seq FROM monitor_outbox WHERE webhook = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2) ORDER BY seq',
        ...[webhook, count],
      )
    },
    addFailure(monitor: string, webhook: string, at: number, error: string): void {
      sql.exec(
        `INSERT INTO monitor_undelivered VALUES (?, ?, ?, 1, ?)
         ON CONFLICT DO UPDATE SET at = excluded.at, count = count + 1, error = excluded.error`,
        ...[monitor, webhook, at, error],
      )
    },
    removeFailures(monitor: string, webhook: string): void {
      sql.exec('DELETE FROM monitor_undelivered WHERE monitor = ? AND webhook = ?', monitor, webhook)
    },
    failures(): StoredFailure[] {
      return read<StoredFailure>('SELECT * FROM monitor_undelivered ORDER BY monitor, webhook')
    },
  }
}
