/** Reads one header, whether the platform has `Headers` or Node's plain object. */

/** The part of Fetch's `Headers` that is used. */
export interface HeadersLike {
  get(name: string): string | null
}

/** Headers of a request: Fetch's, or an object with names in lower case as Node has it. */
export type HeaderSource = HeadersLike | { readonly [name: string]: unknown }

/** Whether these are Fetch's headers; a plain object may well have a header of the name `get`. */
export function isHeaders(source: object): source is HeadersLike {
  return 'get' in source && typeof source.get === 'function'
}

/** The header's text, of several the first; empty when there is none. */
export function readHeader(source: HeaderSource, name: string): string {
  const value = isHeaders(source) ? source.get(name) : (source[name] ?? source[capitalize(name)])
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : ''
}

/** Gateways such as AWS's REST API keep the letters of HTTP/1.1: `User-Agent`. */
function capitalize(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}
