/**
 * Where live state is kept: SQLite of the Durable Object. Each change is one row of a log, with the ids that it covers; every
 * now and then what has changed since is saved, and the log's places are used again. A row written costs as much as a queue
 * message, so a change costs one, whatever it holds, and nothing is deleted that can be overwritten.
 */

import { decodeChange } from './change.ts'
import { decodeIds, encodeIds, type PackedId } from './event-ids.ts'
import { createLiveState, type LiveState } from './live-state.ts'

/** What is used of `SqlStorage`. */
export interface LiveSql {
  exec: (
    statement: string,
    ...bindings: (string | number | ArrayBuffer | null)[]
  ) => { toArray: () => Record<string, unknown>[]; rowsWritten: number }
}

/** Log rows that are held before the state is saved, and bytes of them. */
const LOG_ROWS = 128
const LOG_BYTES = 4 * 1024 * 1024

/** Largest text of one row, in UTF-16 units: a row holds 2 MB, and a unit is up to 3 bytes. */
const MAX_PIECE_LENGTH = 600_000

/** Most bytes of a change and its ids together, which are one row; the caller cuts what is more. */
export const MAX_CHANGE_BYTES = 1_800_000

/** Ids of a row. */
const IDS_A_PAGE = 100_000

/** UTF-16 units of saved state that an object may have: decoded it takes some times that of its 128 MB. */
export const MAX_STATE_LENGTH = 12 * 1024 * 1024

const TABLES = [
  `CREATE TABLE IF NOT EXISTS log (slot INTEGER PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL, ids BLOB NOT NULL, change TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS pieces (name TEXT NOT NULL, place INTEGER NOT NULL, part INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (name, place, part)) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS ids (page INTEGER PRIMARY KEY, generation INTEGER NOT NULL, data BLOB NOT NULL)`,
]

/** Names of pieces that are of no window; a window's name has no blank. */
const HEAD = ' head'
const HEALTH = ' health'
const CLOSINGS = ' closings '

/** The storage of one object. */
export interface LiveStorage {
  /** Reads the state as it was when it last changed. */
  load: (log: (record: Record<string, unknown>) => void) => LiveState
  /** Writes a change, in one row. The caller applies it to the state in the same turn. */
  append: (ids: readonly PackedId[], change: string, at: number) => void
  /** Tells which generation the ids of a change got when it was applied. */
  remember: (ids: readonly PackedId[], generation: number) => void
  /** Whether so much was appended that the state should be saved. */
  isSaveDue: () => boolean
  /** Changes that are not saved yet, other than in the log. */
  pending: () => number
  /** Saves the state. In one transaction, which the caller makes. */
  save: (state: LiveState) => void
  /** UTF-16 units of the state that is saved. */
  stateLength: () => number
  rowsWritten: () => number
}

export function createLiveStorage(sql: LiveSql): LiveStorage {
  for (const statement of TABLES) sql.exec(statement)
  let seq = 0
  let savedSeq = 0
  let logBytes = 0
  let nextPage = 0
  let rowsWritten = 0
  let unsavedIds: { generation: number; ids: PackedId[] }[] = []
  /** How many rows each piece takes, by name and place, and the last text of those that are often the same. */
  const parts = new Map<string, Map<number, number>>()
  const written = new Map<string, string>()
  const lengths = new Map<string, number>()
  let stateLength = 0

  const run = (statement: string, ...bindings: (string | number | ArrayBuffer | null)[]) => {
    const cursor = sql.exec(statement, ...bindings)
    const rows = cursor.toArray()
    rowsWritten += cursor.rowsWritten
    return rows
  }

  const writePiece = (name: string, place: number, text: string | undefined): void => {
    const places = parts.get(name) ?? new Map<number, number>()
    parts.set(name, places)
    const cut = text === undefined ? [] : cutText(text)
    const count = cut.length
    stateLength += (text?.length ?? 0) - (lengths.get(`${name}\n${place}`) ?? 0)
    if (text === undefined) lengths.delete(`${name}\n${place}`)
    else lengths.set(`${name}\n${place}`, text.length)
    for (const [part, data] of cut.entries()) {
      run(
        'INSERT OR REPLACE INTO pieces (name, place, part, data) VALUES (?, ?, ?, ?)',
        ...[name, place, part, data],
      )
    }
    if (count < (places.get(place) ?? 0))
      run('DELETE FROM pieces WHERE name = ? AND place = ? AND part >= ?', name, place, count)
    if (count === 0) places.delete(place)
    else places.set(place, count)
  }

  const writeChanged = (name: string, text: string): void => {
    if (written.get(name) === text) return
    writePiece(name, 0, text)
    written.set(name, text)
  }

  /** Takes away what was saved of definitions that are gone. */
  const dropUnknown = (state: LiveState): void => {
    for (const name of [...parts.keys()]) {
      const id = name.startsWith(CLOSINGS) ? name.slice(CLOSINGS.length) : name
      if (name === HEAD || name === HEALTH || state.tables().has(id)) continue
      run('DELETE FROM pieces WHERE name = ?', name)
      for (const place of parts.get(name)?.keys() ?? []) {
        stateLength -= lengths.get(`${name}\n${place}`) ?? 0
        lengths.delete(`${name}\n${place}`)
      }
      parts.delete(name)
      written.delete(name)
    }
  }

  const readPieces = (): Map<string, Map<number, string>> => {
    const pieces = new Map<string, Map<number, string>>()
    for (const row of run('SELECT name, place, part, data FROM pieces ORDER BY name, place, part')) {
      const { name, place, part, data } = row as { name: string; place: number; part: number; data: string }
      const places = pieces.get(name) ?? new Map<number, string>()
      pieces.set(name, places)
      places.set(place, (places.get(place) ?? '') + data)
      lengths.set(`${name}\n${place}`, (lengths.get(`${name}\n${place}`) ?? 0) + data.length)
      stateLength += data.length
      const counts = parts.get(name) ?? new Map<number, number>()
      parts.set(name, counts.set(place, part + 1))
    }
    return pieces
  }

  const remember = (ids: readonly PackedId[], generation: number): void => {
    const last = unsavedIds.at(-1)
    const target = last?.generation === generation ? last : { generation, ids: [] }
    if (target !== last) unsavedIds.push(target)
    for (const id of ids) target.ids.push(id)
  }

  const loadIds = (state: LiveState): void => {
    for (const row of run('SELECT page, generation, data FROM ids ORDER BY page')) {
      const { page, generation, data } = row as { page: number; generation: number; data: ArrayBuffer }
      for (const id of decodeIds(new Uint8Array(data))) state.ids.add(id, generation)
      nextPage = page + 1
    }
  }

  const loadLog = (state: LiveState, log: (record: Record<string, unknown>) => void): void => {
    const rows = run('SELECT seq, at, ids, change FROM log WHERE seq > ? ORDER BY seq', savedSeq)
    for (const row of rows) {
      const entry = row as { seq: number; at: number; ids: ArrayBuffer; change: string }
      seq = entry.seq
      logBytes += entry.change.length
      try {
        const ids = decodeIds(new Uint8Array(entry.ids))
        const change = decodeChange(entry.change, state.findWindow)
        // As it was then: what was told as final stays so, under its version.
        if (state.isTickDue(entry.at)) state.tick(entry.at)
        remember(ids, state.apply(ids, change, entry.at, undefined))
      } catch (error) {
        // It was applied when it was written, so this is a fault of ours: the rest must not be lost for it.
        log({ level: 'error', event: 'live_log_unreadable', seq: entry.seq, error: String(error) })
      }
    }
  }

  return {
    load(log) {
      const state = createLiveState()
      const pieces = readPieces()
      const head = pieces.get(HEAD)?.get(0)
      if (head !== undefined) {
        const [saved, text] = JSON.parse(head) as [number, string]
        savedSeq = saved
        seq = saved
        state.load(text)
        const health = pieces.get(HEALTH)?.get(0)
        if (health !== undefined) state.health.load(health)
        for (const [id, { table }] of state.tables()) {
          for (const [place, text] of pieces.get(id) ?? []) table.load(place, text, state.floor())
          const closings = pieces.get(`${CLOSINGS}${id}`)?.get(0)
          if (closings !== undefined) table.loadClosings(closings)
        }
      }
      loadIds(state)
      loadLog(state, log)
      return state
    },
    append(ids, change, at) {
      seq += 1
      const packed = encodeIds(ids)
      run(
        'INSERT OR REPLACE INTO log (slot, seq, at, ids, change) VALUES (?, ?, ?, ?, ?)',
        ...[seq % LOG_ROWS, seq, at, packed.buffer as ArrayBuffer, change],
      )
      logBytes += change.length
    },
    remember,
    isSaveDue: () => seq - savedSeq >= LOG_ROWS - 1 || logBytes >= LOG_BYTES,
    pending: () => seq - savedSeq,
    save(state) {
      for (const [id, { table }] of state.tables()) {
        for (const { place, text } of table.takeUnsaved()) writePiece(id, place, text)
        writeChanged(`${CLOSINGS}${id}`, table.encodeClosings())
      }
      dropUnknown(state)
      for (const { generation, ids } of unsavedIds) {
        for (let i = 0; i < ids.length; i += IDS_A_PAGE) {
          const page = encodeIds(ids.slice(i, i + IDS_A_PAGE)).buffer as ArrayBuffer
          run('INSERT INTO ids (page, generation, data) VALUES (?, ?, ?)', nextPage, generation, page)
          nextPage += 1
        }
      }
      unsavedIds = []
      const [oldest] = state.ids.generations()
      if (oldest !== undefined) run('DELETE FROM ids WHERE generation < ?', oldest)
      else run('DELETE FROM ids')
      writePiece(HEALTH, 0, state.health.encode())
      writePiece(HEAD, 0, JSON.stringify([seq, state.encode()]))
      savedSeq = seq
      logBytes = 0
    },
    stateLength: () => stateLength,
    rowsWritten: () => rowsWritten,
  }
}

/** Pieces of a text that fit a row, each of whole characters. At least one. */
function cutText(text: string): string[] {
  const pieces: string[] = []
  let start = 0
  do {
    let end = Math.min(text.length, start + MAX_PIECE_LENGTH)
    const isHighSurrogate = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
    if (end < text.length && isHighSurrogate) end -= 1
    pieces.push(text.slice(start, end))
    start = end
  } while (start < text.length)
  return pieces
}
