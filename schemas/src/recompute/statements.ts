/** What the recomputation needs of ClickHouse; who talks to it passes that in. */

/** Values of the parameters that a statement names as `{name:Type}`. */
export type Parameters = Record<string, unknown>

/** Runs statements; everything rejects with the client's error. */
export interface Statements {
  /** Runs a statement without a result; resolves when its effect is there for all to read. */
  run: (sql: string, parameters?: Parameters) => Promise<void>
  /** Rows of a query; a 64-bit integer may be text. */
  read: <Row>(sql: string, parameters?: Parameters) => Promise<Row[]>
}
