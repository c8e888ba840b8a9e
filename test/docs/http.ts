/** Sends the HTTP requests of the docs to the test's stack and says which it did not take. */

import { type Block, placeOf } from './blocks.ts'
import type { Finding } from './compile.ts'

/** A request as a page shows it. */
export interface ShownRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

/** Keys of the docs, and what stands for them: by the word behind `Bearer`. */
export type Keys = Readonly<Record<string, string>>

/** Longest time until an answer begins; a stream goes on after it. */
const TIMEOUT_MS = 20_000

/** A path below these names something that is only an example, such as a letter that died. */
const EXAMPLES = /^\/v1\/(dead|lake\/files)\/./

/** Takes it apart. @throws TypeError when it is no request of HTTP/1.1 */
export function parseRequest(text: string): ShownRequest {
  const [head = '', ...rest] = text.split('\n\n')
  const [first = '', ...lines] = head.trim().split('\n')
  const [, method, path] = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(first) ?? []
  if (method === undefined || path === undefined) throw new TypeError(`"${first}" is no request line`)
  const headers = lines.map((line): [string, string] => {
    const [, name, value] = /^([A-Za-z-]+): (.+)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new TypeError(`"${line}" is no header`)
    return [name.toLowerCase(), value]
  })
  return { method, path, headers: Object.fromEntries(headers), body: rest.join('\n\n').trim() }
}

/** What is wrong with a block: no request, or one that is refused. */
export async function checkRequest(block: Block, url: string, keys: Keys): Promise<Finding[]> {
  try {
    const message = await send(parseRequest(block.code), url, keys)
    return message === undefined ? [] : [{ place: placeOf(block), message }]
  } catch (error) {
    return [{ place: placeOf(block), message: String(error) }]
  }
}

async function send(request: ShownRequest, url: string, keys: Keys): Promise<string | undefined> {
  const { method, path, body } = request
  const { host: _, authorization, ...headers } = request.headers
  const key = authorization?.replace('Bearer ', '') ?? ''
  const own = authorization === undefined ? {} : { authorization: `Bearer ${keys[key] ?? key}` }
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), TIMEOUT_MS)
  try {
    const sent = body === '' ? {} : { body: withKeys(body, keys) }
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...own },
      ...sent,
      redirect: 'manual',
      signal: ending.signal,
    })
    const isMissing = response.status === 404 && EXAMPLES.test(path)
    if (response.ok || response.status === 304 || isMissing) return undefined
    return `${method} ${path} is answered ${response.status}: ${(await response.text()).slice(0, 500)}`
  } finally {
    clearTimeout(timer)
    // A stream would go on.
    ending.abort()
  }
}

/** A form has its token in the body. */
function withKeys(body: string, keys: Keys): string {
  return Object.entries(keys).reduce((text, [name, value]) => text.replaceAll(name, value), body)
}
