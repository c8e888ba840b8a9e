/** Counts with their labels as lines of text, for the books of a replay. Pure. */

/** A label, how many, and what that means. */
export type CountRow = readonly [label: string, count: number, note?: string]

/** One line a row; labels to the left, counts to the right. Rows of nothing are left out, save the one of `total`. */
export function formatCounts(rows: readonly CountRow[], total: string): string[] {
  const shown = rows.filter(([label, times]) => times > 0 || label === total)
  const labelWidth = Math.max(...shown.map(([label]) => label.length))
  const counts = shown.map(([, times]) => times.toLocaleString('en-US'))
  const countWidth = Math.max(...counts.map((text) => text.length))
  return shown.map(([label, , note = ''], index) =>
    `${label.padEnd(labelWidth)}  ${(counts[index] ?? '').padStart(countWidth)}  ${note}`.trimEnd(),
  )
}
