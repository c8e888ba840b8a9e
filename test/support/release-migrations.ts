/** The migrations' files by what is in them, so that one that was released and edited is found. */

import { createHash } from 'node:crypto'
import { readMigrations } from '../../local/src/migrate.ts'

/** SHA-256 of each migration's text by the name of its file, in order. Line ends count as line feeds, as `millrace migrate` has it. */
export function checksumMigrations(): Record<string, string> {
  return Object.fromEntries(
    readMigrations().map(({ name, sql }) => [
      name,
      createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex'),
    ]),
  )
}
