/**
 * A disk in memory with the calls of `node:fs` that the spool makes. What a call wrote outlives the process that made it. Files
 * have links and descriptors as on POSIX: a file that is unlinked or renamed stays what it was to those who have it open.
 */

import { dirname } from 'node:path'
import type { FileSystem } from '../../../../sdk-node/src/spool/file-system.ts'

interface File {
  bytes: Buffer
  length: number
  mtimeMs: number
}

/** Who makes calls. */
export interface DiskCaller {
  now: () => number
  /** Asked at each call: whether it fails. A write then leaves half behind. */
  fails: (name: string) => boolean
  /** A process that is dead does nothing any more. */
  isDead: () => boolean
  /** Calls back in a moment. */
  later: (run: () => void) => void
}

/** A disk that processes share. */
export interface Disk {
  openFor(caller: DiskCaller): FileSystem
  /** Every file as text, whatever is in it. */
  texts(): string[]
  paths(): string[]
}

/** Creates an empty disk. */
export function createDisk(): Disk {
  const files = new Map<string, File>()
  const folders = new Set(['/'])
  return {
    openFor: (caller) => guard(createCalls(files, folders, caller), caller),
    texts: () => [...files.values()].map(({ bytes, length }) => bytes.subarray(0, length).toString('utf8')),
    paths: () => [...files.keys()].sort(),
  }
}

/** The calls, each of which may fail; the dead make none. */
function guard(calls: ReturnType<typeof createCalls>, { fails, isDead }: DiskCaller): FileSystem {
  return new Proxy(calls as unknown as FileSystem, {
    get:
      (_, name) =>
      (...args: never[]) => {
        const call = Reflect.get(calls, name) as (...args: never[]) => unknown
        if (isDead()) throw errorOf('EIO', `the process of ${String(name)} is dead`)
        return fails(String(name)) ? refuse(String(name), call, args) : call(...args)
      },
  })
}

/** A write that fails leaves half behind. */
function refuse(name: string, call: (...args: never[]) => unknown, args: unknown[]): unknown {
  if (name === 'writeSync') {
    const [fd, data, offset, length, position] = args as [number, Uint8Array, number, number, number]
    call(...([fd, data, offset, length >> 1, position] as never[]))
  }
  const cause = errorOf('ENOSPC', `made up for ${name}`)
  if (name !== 'fsync') throw cause
  queueMicrotask(() => (args[1] as (cause: Error) => void)(cause))
  return undefined
}

function createCalls(files: Map<string, File>, folders: Set<string>, { now, later }: DiskCaller) {
  const open = new Map<number, { file: File } | { folder: string }>()
  let lastFd = 2

  const requireFolder = (path: string) => {
    if (!folders.has(path)) throw errorOf('ENOENT', path)
  }
  const requireFile = (path: string): File => {
    const file = files.get(path)
    if (file === undefined) throw errorOf('ENOENT', path)
    return file
  }
  const makeFile = (path: string): File => {
    requireFolder(dirname(path))
    const file = { bytes: Buffer.alloc(256), length: 0, mtimeMs: now() }
    files.set(path, file)
    return file
  }
  const fileOf = (fd: number): File => {
    const entry = open.get(fd)
    if (entry === undefined || !('file' in entry)) throw errorOf('EBADF', String(fd))
    return entry.file
  }
  const isBelow = (path: string, folder: string) => path.startsWith(`${folder}/`)
  const childrenOf = (path: string) =>
    [...files.keys(), ...folders].filter((each) => each !== '/' && dirname(each) === path)

  const calls = {
    accessSync: requireFolder,
    mkdirSync(path: string, { recursive = false } = {}) {
      if (folders.has(path) && !recursive) throw errorOf('EEXIST', path)
      if (recursive && path !== '/' && !folders.has(dirname(path)))
        calls.mkdirSync(dirname(path), { recursive })
      requireFolder(dirname(path))
      folders.add(path)
    },
    openSync(path: string, flag: string) {
      lastFd += 1
      if (folders.has(path)) open.set(lastFd, { folder: path })
      else if (flag.startsWith('w')) {
        const known = files.get(path)
        if (known !== undefined && flag.includes('x')) throw errorOf('EEXIST', path)
        if (known !== undefined) known.length = 0
        open.set(lastFd, { file: known ?? makeFile(path) })
      } else open.set(lastFd, { file: requireFile(path) })
      return lastFd
    },
    closeSync(fd: number) {
      if (!open.delete(fd)) throw errorOf('EBADF', String(fd))
    },
    writeSync(fd: number, data: Uint8Array, offset: number, length: number, position: number) {
      const file = fileOf(fd)
      write(file, data.subarray(offset, offset + length), position)
      file.mtimeMs = now()
      return length
    },
    readSync(fd: number, target: Uint8Array, offset: number, length: number, position: number) {
      const file = fileOf(fd)
      const end = Math.min(file.length, position + length)
      target.set(file.bytes.subarray(position, Math.max(position, end)), offset)
      return Math.max(0, end - position)
    },
    ftruncateSync(fd: number, length: number) {
      fileOf(fd).length = length
    },
    fsyncSync: (fd: number) => void open.get(fd),
    fsync: (_fd: number, done: (cause: Error | null) => void) => later(() => done(null)),
    writeFileSync(path: string, text: string, { flag = 'w' } = {}) {
      if (flag === 'wx' && files.has(path)) throw errorOf('EEXIST', path)
      const file = flag === 'r+' ? requireFile(path) : (files.get(path) ?? makeFile(path))
      if (flag !== 'r+') file.length = 0
      write(file, Buffer.from(text), 0)
      file.mtimeMs = now()
    },
    readFileSync(path: string, encoding?: 'utf8') {
      const { bytes, length } = requireFile(path)
      const content = Buffer.from(bytes.subarray(0, length))
      return encoding === undefined ? content : content.toString(encoding)
    },
    readdirSync(path: string) {
      requireFolder(path)
      return childrenOf(path)
        .map((each) => each.slice(path === '/' ? 1 : path.length + 1))
        .sort()
    },
    statSync(path: string) {
      if (folders.has(path)) return { mtimeMs: now(), size: 0 }
      const { length, mtimeMs } = requireFile(path)
      return { mtimeMs, size: length }
    },
    linkSync(from: string, to: string) {
      if (files.has(to) || folders.has(to)) throw errorOf('EEXIST', to)
      requireFolder(dirname(to))
      files.set(to, requireFile(from))
    },
    unlinkSync(path: string) {
      if (!files.delete(path)) throw errorOf('ENOENT', path)
    },
    renameSync(from: string, to: string) {
      requireFolder(dirname(to))
      if (!folders.has(from)) {
        files.set(to, requireFile(from))
        files.delete(from)
        return
      }
      if (files.has(to)) throw errorOf('ENOTDIR', to)
      if (folders.has(to) && childrenOf(to).length > 0) throw errorOf('ENOTEMPTY', to)
      for (const path of [...folders].filter((each) => each === from || isBelow(each, from))) {
        folders.delete(path)
        folders.add(to + path.slice(from.length))
      }
      for (const [path, file] of [...files].filter(([each]) => isBelow(each, from))) {
        files.delete(path)
        files.set(to + path.slice(from.length), file)
      }
    },
    rmdirSync(path: string) {
      requireFolder(path)
      if (childrenOf(path).length > 0) throw errorOf('ENOTEMPTY', path)
      folders.delete(path)
    },
    rmSync(path: string) {
      for (const each of [...files.keys()]) if (each === path || isBelow(each, path)) files.delete(each)
      for (const each of [...folders]) if (each === path || isBelow(each, path)) folders.delete(each)
    },
  }
  return calls
}

function write(file: File, data: Uint8Array, position: number): void {
  const end = position + data.length
  if (end > file.bytes.length) {
    const larger = Buffer.alloc(end * 2)
    file.bytes.copy(larger, 0, 0, file.length)
    file.bytes = larger
  }
  if (position > file.length) file.bytes.fill(0, file.length, position)
  file.bytes.set(data, position)
  file.length = Math.max(file.length, end)
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
