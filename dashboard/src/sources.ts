/** The read tokens that are known, each of which is a source. Those that a person entered are kept in this browser until they are forgotten. */

/** A source that can be shown. */
export interface KnownSource {
  token: string
  /** What the server calls it; until it was asked, nothing. */
  name?: string
  /** The collector told it, nobody entered it: it is asked for with each page, and not remembered. */
  isGiven?: true
}

/** What can be shown, and what is. */
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

/** Remembers what was entered; a browser that lets nothing be stored forgets with the page. */
export function saveSources(storage: Storage | undefined, { sources, chosen }: SourceList): void {
  const entered = sources.filter(({ isGiven }) => isGiven !== true)
  const isKept = entered.some(({ token }) => token === chosen)
  try {
    if (entered.length === 0) storage?.removeItem(KEY)
    else storage?.setItem(KEY, JSON.stringify(listOf(entered, isKept ? chosen : undefined)))
  } catch {
    // Blocked or full: the page works without.
  }
}

/** With one more, which is then shown. */
export function addSource({ sources }: SourceList, token: string): SourceList {
  const isKnown = sources.some((source) => source.token === token)
  return { sources: isKnown ? sources : [...sources, { token }], chosen: token }
}

/** With the one that the collector told, in the place of other tokens of that name. What else is shown stays so. */
export function giveSource({ sources, chosen }: SourceList, token: string, name: string): SourceList {
  const isReplaced = (source: KnownSource) => source.token === token || source.name === name
  const isShown = sources.some((source) => source.token === chosen && isReplaced(source))
  const others = sources.filter((source) => !isReplaced(source))
  return listOf([{ token, name, isGiven: true }, ...others], isShown ? token : chosen)
}

/** With the name that the server gave a token's source. Of two tokens of one source the newer one stays. */
export function nameSource({ sources, chosen }: SourceList, token: string, name: string): SourceList {
  const others = sources.filter((source) => source.token === token || source.name !== name)
  const named = others.map((source) => (source.token === token ? { ...source, name } : source))
  return listOf(named, chosen)
}

/** Without one; if it was shown, the first of the others is. */
export function forgetSource({ sources, chosen }: SourceList, token: string): SourceList {
  const others = sources.filter((source) => source.token !== token)
  return listOf(others, chosen === token ? others[0]?.token : chosen)
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
  // Without one that is remembered, one that is not was shown last.
  return listOf(read, read.find(({ token }) => token === chosen)?.token)
}

function listOf(sources: KnownSource[], chosen: string | undefined): SourceList {
  return chosen === undefined ? { sources } : { sources, chosen }
}
