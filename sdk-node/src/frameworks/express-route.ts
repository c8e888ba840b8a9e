/**
 * Finds the pattern of the route that answers a request of Express: `/users/:user/orders/:order`.
 *
 * Express keeps the pattern of a route (`req.route.path`) and not those of the routers around it: `req.baseUrl` is the
 * address itself, ids included. But whenever it enters a router it sets `req.params`, then `req.baseUrl`. So that property
 * is watched, and what it gains has its parameters put back for their values. Source: `trimPrefix` of router 2 and of
 * Express 4.
 */

/** What Express keeps on a request. */
interface Routed {
  baseUrl?: string | undefined
  params?: Record<string, unknown>
  route?: { path?: unknown }
}

/**
 * Watches from here on.
 *
 * @returns the pattern as of now; `undefined` when no route was reached
 */
export function watchRoute(watched: object): () => string | undefined {
  const request: Routed = watched
  let stored = request.baseUrl
  let baseUrl = stored ?? ''
  const patterns = new Map([[baseUrl, findPattern('', baseUrl, request.params)]])

  Object.defineProperty(request, 'baseUrl', {
    configurable: true,
    enumerable: true,
    get: () => stored,
    set(value: string | undefined) {
      stored = value
      // When Express has walked to the end it puts back what was there in front of it: nothing.
      const entered = value ?? ''
      const outer = patterns.get(baseUrl) ?? ''
      if (entered.length > baseUrl.length && entered.startsWith(baseUrl)) {
        patterns.set(entered, outer + findPattern(outer, entered.slice(baseUrl.length), request.params))
      }
      baseUrl = entered
    },
  })

  return () => {
    const path = request.route?.path
    if (path === undefined) return undefined
    const own = Array.isArray(path) ? path.join('|') : String(path)
    return (patterns.get(baseUrl) ?? '') + (own === '/' && baseUrl !== '' ? '' : own)
  }
}

/**
 * A path with its parameters' names for their values.
 *
 * @param outer pattern of the routers around, whose parameters may be in `params` too (`mergeParams`)
 * @returns a mere `/*` when a parameter is not a part of its own, so that no id gets through
 */
function findPattern(outer: string, path: string, params: Record<string, unknown> = {}): string {
  let pattern = `${path}/`
  for (const [name, value] of Object.entries(params)) {
    // Express 4 has optional ones that are not there.
    if (value === undefined) continue
    const texts = Array.isArray(value) ? value : [value]
    const part = `/${texts.map((text) => (typeof text === 'string' ? encodePart(text) : '')).join('/')}/`
    const at = decodeParts(pattern).indexOf(part)
    if (at === -1 && !outer.includes(`:${name}`)) return '/*'
    pattern = decodeParts(pattern).replace(part, () => `/:${name}/`)
  }
  return pattern.slice(0, -1)
}

/** The same letters for the same text, however they were escaped. */
function decodeParts(path: string): string {
  return path
    .split('/')
    .map((part) => encodePart(decodePart(part)))
    .join('/')
}

function encodePart(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%3A', ':')
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Express answers 400 to an escape that is broken in a parameter; elsewhere it stays as it is.
    return part
  }
}
