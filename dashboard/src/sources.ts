/** The read tokens that a person entered, each of which is a source: kept in this browser until they are forgotten. */

/** A source that can be shown. */
export interface KnownSource {
  token: string
  /** What the server calls it; until it was asked, nothing. */
  name?: string
}

/** What is remembered. */
export interface SourceList {
  sources: KnownSource[]
  /** Token of the one that is shown. */
  chosen?: string
}

/** What is used of `localStorage`. */
export type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>

const KEY = 'millrace.sources'

/** What is remembered; nothing where it cannot be read. */
export function loadSources(storage: Storage | undefined): SourceList {
  try {
    return parseSources(JSON.parse(storage?.getItem(KEY) ?? 'null'))
  } catch {
    // Blocked, or written by something else.
    return { sources: [] }
  }
}

/** Remembers; a browser that lets nothing be stored forgets with the page. */
export function saveSources(storage: Storage | undefined, list: SourceList): void {
  try {
    if (list.sources.length === 0) storage?.removeItem(KEY)
    else storage?.setItem(KEY, JSON.stringify(list))
  } catch {
    // Blocked or full: the page works without.
  }
}

/** With one more, which is then shown. */
export function addSource({ sources }: SourceList, token: string): SourceList {
  const isKnown = sources.some((source) => source.token === token)
  return { sources: isKnown ? sources : [...sources, { token }], chosen: token }
}

/** With the name that the server gave a token's source. Of two tokens of one source the newer one stays. */
export function nameSource({ sources, chosen }: SourceList, token: string, name: string): SourceList {
  const others = sources.filter((source) => source.token === token || source.name !== name)
  const named = others.map((source) => (source.token === token ? { token, name } : source))
  return chosen === undefined ? { sources: named } : { sources: named, chosen }
}

/** Without one; if it was shown, the first of the others is. */
export function forgetSource({ sources, chosen }: SourceList, token: string): SourceList {
  const others = sources.filter((source) => source.token !== token)
  const next = chosen === token ? others[0]?.token : chosen
  return next === undefined ? { sources: others } : { sources: others, chosen: next }
}

/** After a token was refused: one that never worked is not worth keeping, one that did may work again. */
export function refuseSource(list: SourceList, token: string): SourceList {
  const isNew = list.sources.some((source) => source.token === token && source.name === undefined)
  return isNew ? { sources: list.sources.filter((source) => source.token !== token) } : list
}

/** A read token as it may stand in a header: what was pasted, without the space around it. `undefined` when it cannot be one. */
export function parseToken(text: string): string | undefined {
  const token = text.trim()
  return /^[\x21-\x7e]{1,256}$/.test(token) ? token : undefined
}

function parseSources(value: unknown): SourceList {
  const { sources, chosen } = (value ?? {}) as { sources?: unknown; chosen?: unknown }
  const read = (Array.isArray(sources) ? sources : []).flatMap(
    (source: { token?: unknown; name?: unknown }) => {
      if (typeof source?.token !== 'string' || parseToken(source.token) === undefined) return []
      return [
        typeof source.name === 'string'
          ? { token: source.token, name: source.name }
          : { token: source.token },
      ]
    },
  )
  const shown = read.find(({ token }) => token === chosen) ?? read[0]
  return shown === undefined ? { sources: read } : { sources: read, chosen: shown.token }
}
