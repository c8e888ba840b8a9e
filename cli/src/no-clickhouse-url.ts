/** The address that stands where that of ClickHouse belongs until there is one. Pure. */

/** `millrace init` writes it where none is given; `millrace deploy` refuses it. */
export const NO_CLICKHOUSE_URL = 'https://clickhouse.invalid:8443'

/** Whether an address is only a placeholder, this or another: no host under `.invalid` is ever found (RFC 6761, section 6.4). */
export function isNoClickHouseUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname.endsWith('.invalid')
}
