/** Times as ClickHouse reads them in text. */

/** As `DateTime64(3, 'UTC')` reads it: `2026-01-02 03:04:05.678`. */
export function toDateTime(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, -1)}`
}
