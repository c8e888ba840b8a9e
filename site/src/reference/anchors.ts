/** The anchors that headings of a reference get: GitHub's, where one that is there already gets a number. */

/** One part of a page: its heading, and the headings in it. */
export interface PartHeadings {
  title: string
  names: readonly string[]
}

/** Gives the anchor of the heading with a name, if the page has one. */
export type Address = (name: string) => string | undefined

/** Anchors by heading. */
export interface Anchors {
  /** As a part sees names: its own headings come first, then those of the others in order. */
  seenFrom(part: PartHeadings): Address
  /** Of the heading of a part. */
  ofPart(part: PartHeadings): string
}

/** Gives all headings their anchors, in the order of the page. */
export function createAnchors(parts: readonly PartHeadings[]): Anchors {
  const counts = new Map<string, number>()
  const mint = (title: string): string => {
    const slug = slugOf(title)
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  }
  const minted = new Map(
    parts.map((part) => {
      const own = mint(part.title)
      return [part, { own, names: new Map(part.names.map((name) => [name, mint(name)])) }]
    }),
  )
  return {
    seenFrom: (part) => (name) => {
      const inside = minted.get(part)?.names.get(name)
      return inside ?? [...minted.values()].find(({ names }) => names.has(name))?.names.get(name)
    },
    ofPart: (part) => minted.get(part)?.own ?? '',
  }
}

/** As GitHub makes it: small letters, no punctuation, a dash for a space. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
