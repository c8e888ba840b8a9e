/** The schedule of a world as lines: the last are kept, all are counted and hashed, so that two runs can be compared. */

/** A trace. */
export interface Trace {
  add: (line: string) => void
  /** The last lines, the oldest first. */
  lines: () => string[]
  count: () => number
  /** Of all lines in their order: hex digits. */
  hash: () => string
}

/** Lines that are kept where nobody says. */
const KEPT = 400

/** An empty trace. */
export function createTrace(now: () => number, kept: number = KEPT): Trace {
  const ring: string[] = []
  let count = 0
  let [a, b] = [0x811c9dc5, 0x1234567]
  return {
    add(line) {
      const at = now()
      for (let i = 0; i < line.length; i++) a = Math.imul(a ^ line.charCodeAt(i), 0x01000193)
      b = Math.imul(b ^ a ^ at, 0x85ebca6b) ^ (b >>> 13)
      if (kept > 0) ring[count % kept] = `${new Date(at).toISOString().slice(5, 23)} ${line}`
      count += 1
    },
    lines: () => {
      if (count <= kept) return ring.slice(0, count)
      const from = count % kept
      return [...ring.slice(from), ...ring.slice(0, from)]
    },
    count: () => count,
    hash: () => `${(a >>> 0).toString(16).padStart(8, '0')}${(b >>> 0).toString(16).padStart(8, '0')}`,
  }
}
