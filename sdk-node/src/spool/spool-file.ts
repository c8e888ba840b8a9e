/**
 * One file that records are added to: those written, and behind them those that are still in memory. What cannot be
 * written stays in memory, and reading makes no difference between the two. Leaves to others when to write and to sync.
 */

import { attempt, type FileSystem } from './file-system.ts'
import { encodeRecord, FRAME_BYTES } from './record.ts'

/** Events are personal data: nobody else on the machine may read them. */
const FILE_MODE = 0o600

/** Room that a file's buffer starts with and goes back to, in bytes. */
const SMALL_BUFFER_BYTES = 16 * 1024

/** Bytes in use on disk and in memory, over all files of a spool. */
export interface SpoolUsage {
  /** Of all files, written or not. */
  bytes: number
  /** Of these, not written. */
  unwrittenBytes: number
}

export interface SpoolFileOptions {
  fs: FileSystem
  /** Where it is; a function is asked whenever a new file is made, and may throw. */
  path: string | (() => string)
  usage: SpoolUsage
  /** Bytes of a file that is there already; default: a new file, made by the first write. */
  existingBytes?: number
}

export class SpoolFile {
  readonly #fs: FileSystem
  readonly #findPath: () => string
  readonly #usage: SpoolUsage
  #path = ''
  #fd: number | undefined
  #isNew: boolean
  #writtenBytes: number
  #pending = Buffer.alloc(0)
  #pendingBytes = 0
  /** Written since the last sync. */
  #isDirty = false
  #isSyncing = false
  #closesAfterSync = false
  /** Removed or given up: what is pending is nobody's business any more. */
  #isGone = false

  constructor({ fs, path, usage, existingBytes }: SpoolFileOptions) {
    this.#fs = fs
    this.#findPath = typeof path === 'string' ? () => path : path
    if (existingBytes !== undefined) this.#path = this.#findPath()
    this.#usage = usage
    this.#isNew = existingBytes === undefined
    this.#writtenBytes = existingBytes ?? 0
    usage.bytes += this.#writtenBytes
  }

  /** Where it is; empty before it was made. */
  path(): string {
    return this.#path
  }

  /** Bytes, written or not. */
  size(): number {
    return this.#writtenBytes + this.#pendingBytes
  }

  writtenBytes(): number {
    return this.#writtenBytes
  }

  pendingBytes(): number {
    return this.#pendingBytes
  }

  isDirty(): boolean {
    return this.#isDirty
  }

  /** Adds a record in memory. `textBytes` is the length of the text in UTF-8. */
  append(number: number, text: string, textBytes: number): void {
    const start = this.#pendingBytes
    const needed = start + FRAME_BYTES + textBytes
    if (needed > this.#pending.length) this.#grow(needed)
    this.#pendingBytes = encodeRecord(this.#pending, start, { number, text, textBytes })
    this.#count(this.#pendingBytes - start)
  }

  /** Takes over what another file could not write. */
  takePending(from: SpoolFile): void {
    this.#pending = from.#pending
    this.#pendingBytes = from.#pendingBytes
    this.#count(this.#pendingBytes)
    from.#count(-from.#pendingBytes)
    from.#pending = Buffer.alloc(0)
    from.#pendingBytes = 0
  }

  /**
   * Writes what is in memory. Throws what the disk says; then all of it still is in memory, and what got to the disk of it
   * is cut off or, when not even that works, lies behind the last byte that counts.
   */
  write(): void {
    if (this.#pendingBytes === 0) return
    try {
      const fd = this.#open()
      let done = 0
      while (done < this.#pendingBytes) {
        done += this.#fs.writeSync(
          fd,
          this.#pending,
          done,
          this.#pendingBytes - done,
          this.#writtenBytes + done,
        )
      }
    } catch (cause) {
      this.#undo()
      throw cause
    }
    this.#isNew = false
    this.#isDirty = true
    this.#writtenBytes += this.#pendingBytes
    this.#usage.unwrittenBytes -= this.#pendingBytes
    this.#pendingBytes = 0
    // After an outage of the disk the buffer may hold megabytes.
    if (this.#pending.length > 16 * SMALL_BUFFER_BYTES) this.#pending = Buffer.alloc(0)
  }

  /** Reads up to `length` bytes into `target`; how many, 0 at the end. Throws what the disk says. */
  read(target: Buffer, offset: number, length: number, position: number): number {
    const inMemory = position - this.#writtenBytes
    if (inMemory < 0) {
      return this.#fs.readSync(this.#open(), target, offset, Math.min(length, -inMemory), position)
    }
    return this.#pending.copy(target, offset, inMemory, Math.min(this.#pendingBytes, inMemory + length))
  }

  /** Waits until what was written is on the disk. Throws what the disk says. */
  syncNow(): void {
    if (!this.#isDirty || this.#fd === undefined) return
    this.#isDirty = false
    this.#fs.fsyncSync(this.#fd)
    if (this.#closesAfterSync && !this.#isSyncing) this.#closeNow()
  }

  /** The same without waiting; `done` is called once, with what went wrong. */
  sync(done: (cause: Error | null) => void): void {
    if (!this.#isDirty || this.#fd === undefined) {
      done(null)
      return
    }
    this.#isDirty = false
    this.#isSyncing = true
    this.#fs.fsync(this.#fd, (cause) => {
      this.#isSyncing = false
      if (this.#closesAfterSync) this.#closeNow()
      done(cause)
    })
  }

  /** Lets go of the descriptor, when `isSyncDue` not before the next sync. Reading or writing takes a new one. */
  close(isSyncDue = false): void {
    if (this.#pendingBytes === 0) this.#pending = Buffer.alloc(0)
    if (this.#isSyncing || (isSyncDue && this.#isDirty)) this.#closesAfterSync = true
    else this.#closeNow()
  }

  /** Deletes the file, if it can be. */
  remove(): void {
    const isThere = this.#fd !== undefined || !this.#isNew
    this.forget()
    if (isThere) attempt(() => this.#fs.unlinkSync(this.#path))
  }

  /** Lets go of the file as it is: its bytes count no longer. */
  forget(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#usage.bytes -= this.size()
    this.#usage.unwrittenBytes -= this.#pendingBytes
    this.#pendingBytes = 0
    this.#isDirty = false
    this.close()
  }

  #count(bytes: number): void {
    this.#usage.bytes += bytes
    this.#usage.unwrittenBytes += bytes
  }

  #grow(needed: number): void {
    const buffer = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#pending.length, SMALL_BUFFER_BYTES))
    this.#pending.copy(buffer, 0, 0, this.#pendingBytes)
    this.#pending = buffer
  }

  #open(): number {
    this.#closesAfterSync = false
    if (this.#fd !== undefined) return this.#fd
    if (this.#isNew) this.#path = this.#findPath()
    this.#fd = this.#fs.openSync(this.#path, this.#isNew ? 'w+' : 'r+', FILE_MODE)
    return this.#fd
  }

  /** After a failed write: without the torn bytes nobody counts them as damage. A new file is made anew by the next write. */
  #undo(): void {
    const fd = this.#fd
    if (fd === undefined) return
    attempt(() => this.#fs.ftruncateSync(fd, this.#writtenBytes))
    if (!this.#isNew) return
    this.#closeNow()
    attempt(() => this.#fs.unlinkSync(this.#path))
  }

  #closeNow(): void {
    this.#closesAfterSync = false
    const fd = this.#fd
    this.#fd = undefined
    // What matters was synced before; a failing close has let go of the descriptor all the same.
    if (fd !== undefined) attempt(() => this.#fs.closeSync(fd))
  }
}
