/** The address that stands where that of ClickHouse belongs until there is one. Pure. */

/** Whether it is one: no name of a host ends in `.invalid` (RFC 6761, section 6.4), and `millrace init` writes such an address. */
export function isPlaceholder(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname.endsWith('.invalid')
}
