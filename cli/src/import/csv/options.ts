/** The options of `millrace import csv`, and the format that they stand for. */

import { type Command, Option } from 'commander'
import { repeatedOption, UsageError } from '../../command-world.ts'
import type { ImportFormat } from '../format.ts'
import { createCellReader } from './cells.ts'
import { createCsvFormat } from './format.ts'
import {
  EMPTY_MAPPING,
  type Mapping,
  MappingError,
  parseColumnOption,
  parseConstantOption,
  parseMapping,
} from './mapping.ts'

/** As commander gives them. */
export interface CsvFlags {
  map?: string
  column?: string[]
  constant?: string[]
  onlyMapped?: boolean
  delimiter?: string
  header?: string
}

/** Adds them to a command. */
export function withCsvOptions(command: Command): Command {
  return command
    .option('--map <file>', 'mapping of the columns, as JSON')
    .addOption(repeatedOption('--column <mapping>', 'where a column goes: created=timestamp:date'))
    .addOption(repeatedOption('--constant <value>', 'what every event has: event=Signup'))
    .option('--only-mapped', 'leave out columns that are neither mapped nor named like a field')
    .addOption(new Option('--delimiter <sign>', 'between two cells; tab for a tab').default(','))
    .option('--header <names>', 'names of the columns, when the first line does not have them')
}

/** The format. @throws UsageError for options that cannot be, or a mapping that cannot be read */
export async function readCsvFlags(
  flags: CsvFlags,
  readText: (path: string) => Promise<string>,
): Promise<ImportFormat> {
  const delimiter = parseDelimiter(flags.delimiter ?? ',')
  return createCsvFormat({
    mapping: await readMapping(flags, readText),
    delimiter,
    header: flags.header === undefined ? undefined : parseHeader(flags.header, delimiter),
    onlyMapped: flags.onlyMapped === true,
  })
}

function parseDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text
  if (/^[\t\x20-\x7e]$/.test(delimiter) && delimiter !== '"') return delimiter
  throw new UsageError(`--delimiter must be one character such as ";", or tab, got ${JSON.stringify(text)}`)
}

function parseHeader(text: string, delimiter: string): string[] {
  // A comma is easier to type than a tab.
  const sign = text.includes(delimiter) ? delimiter : ','
  const result = createCellReader(sign).read(text)
  if (result.state === 'row') return result.cells
  throw new UsageError(`--header must be names with "${sign}" between them, got ${text}`)
}

/** Options on the line win over the file. */
async function readMapping(
  { map, column = [], constant = [] }: CsvFlags,
  readText: (path: string) => Promise<string>,
): Promise<Mapping> {
  try {
    const { columns, constants } = map === undefined ? EMPTY_MAPPING : await readMapFile(map, readText)
    const typed = constant.map(parseConstantOption)
    const isTyped = (target: readonly string[]) =>
      typed.some(([other]) => other.join('.') === target.join('.'))
    return {
      columns: new Map([...columns, ...column.map(parseColumnOption)]),
      constants: [...constants.filter(([target]) => !isTyped(target)), ...typed],
    }
  } catch (cause) {
    if (cause instanceof MappingError) throw new UsageError(cause.message, { cause })
    throw cause
  }
}

async function readMapFile(path: string, readText: (path: string) => Promise<string>): Promise<Mapping> {
  const text = await readText(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message
    throw new UsageError(`cannot read ${path}: ${why}`, { cause })
  })
  try {
    return parseMapping(JSON.parse(text))
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause })
  }
}
