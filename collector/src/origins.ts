/** Which pages may send for a source. */

/**
 * A test for origins: exact ones (`https://shop.example`), or all below a domain (`https://*.shop.example`, which does
 * not mean `shop.example` itself).
 *
 * @param allowed as in `SourceSettings.allowedOrigins`; `undefined` allows all
 */
export function createOriginTest(allowed: readonly string[] | undefined): (origin: string) => boolean {
  if (allowed === undefined) return () => true
  const exact = new Set(allowed.filter((origin) => !origin.includes('*')))
  const wild = allowed
    .filter((origin) => origin.includes('*'))
    .map((origin) => {
      const [start = '', end = ''] = origin.split('*')
      return { start, end }
    })
  return (origin) => {
    if (exact.has(origin)) return true
    return wild.some(({ start, end }) => {
      const label = origin.slice(start.length, origin.length - end.length)
      return origin.startsWith(start) && origin.endsWith(end) && /^[a-z0-9.-]+$/.test(label)
    })
  }
}

/**
 * The origin of the page that made a request: its `Origin`, or for an image the origin of its `Referer`. `undefined` when
 * it names none, as a server's does; `null` (a sandboxed page) is an origin that no list holds.
 */
export function readPageOrigin(headers: Headers): string | undefined {
  const origin = headers.get('origin')
  if (origin !== null) return origin
  const referer = headers.get('referer')
  return referer !== null && URL.canParse(referer) ? new URL(referer).origin : undefined
}
