/**
 * Lines of CSV to cells, as RFC 4180 has it. Written out because an import needs what csv-parse has not: it goes on after a
 * fault, and knows the byte at which a row ends; a test holds the two against each other.
 */

const QUOTE = '"'

/** What a line made of the row at hand. */
export type CellsResult =
  | { state: 'row'; cells: string[] }
  /** A quote is open: the row goes on in the next line. */
  | { state: 'open' }
  | { state: 'fault'; message: string }

/** Reads rows line by line. */
export interface CellReader {
  /** The next line, without its end. After a row or a fault the next one begins a row. */
  read(line: string): CellsResult
  /** Gives up the row that is open. */
  reset(): void
}

/**
 * Reads rows with this delimiter, one character. A cell that begins with a quote ends with one; a quote inside it is
 * doubled, and a line's end inside it becomes `\n`. In cells that do not begin with a quote, a quote is a character.
 */
export function createCellReader(delimiter: string): CellReader {
  let cells: string[] = []
  /** Content so far of the quoted cell that is open. */
  let open: string | undefined

  function finish(result: CellsResult): CellsResult {
    cells = []
    open = undefined
    return result
  }

  return {
    read(line) {
      if (open === undefined && !line.includes(QUOTE)) return { state: 'row', cells: line.split(delimiter) }
      let at = 0
      if (open !== undefined) open += '\n'
      for (;;) {
        if (open === undefined && line[at] === QUOTE) {
          open = ''
          at += 1
        }
        if (open === undefined) {
          const end = line.indexOf(delimiter, at)
          cells.push(line.slice(at, end === -1 ? undefined : end))
          if (end === -1) return finish({ state: 'row', cells })
          at = end + 1
          continue
        }
        const end = line.indexOf(QUOTE, at)
        open += line.slice(at, end === -1 ? undefined : end)
        if (end === -1) return { state: 'open' }
        at = end + 1
        if (line[at] === QUOTE) {
          open += QUOTE
          at += 1
          // Still inside: what follows is more of the same cell.
          continue
        }
        cells.push(open)
        open = undefined
        if (at === line.length) return finish({ state: 'row', cells })
        if (line[at] !== delimiter) return finish({ state: 'fault', message: FAULT })
        at += 1
      }
    },
    reset() {
      finish({ state: 'open' })
    },
  }
}

const FAULT = 'text follows the closing quote of a cell; a quote inside a cell is written twice'
