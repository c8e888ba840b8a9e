/** Starts the processes that SDKs are measured in, with a deadline each, and hears what they say. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Order, Word } from './task.ts'

/** A process that is measured. */
export interface Child {
  pid: number
  /** What it said so far. */
  words: readonly Word[]
  /** The first of its words of this kind, at once or later; undefined when it ended without one. */
  heard: <K extends Word['word']>(kind: K) => Promise<Extract<Word, { word: K }> | undefined>
  signal: (signal: NodeJS.Signals) => void
  /** Resolves when it has ended. */
  ended: Promise<Ended>
}

/** How a process ended. */
export interface Ended {
  /** When, in ms since the epoch. */
  at: number
  code: number | null
  signal: NodeJS.Signals | null
  /** Whether it was still there at its deadline, and was killed. */
  isOverdue: boolean
  /** The error it ended with, or else the last that it printed on standard error. */
  complaint: string
}

const ENTRY = fileURLToPath(new URL('./child.ts', import.meta.url))

/** Letters of an error in a table. */
const SUMMARY_LENGTH = 160

/** Letters of standard error that are kept, from its beginning: the dump of an error object follows its name. */
const COMPLAINT_LENGTH = 100_000

/** Flags of every measured process; the first gives `gc()`, the other keeps what Node has to say of packages out. */
const FLAGS = ['--expose-gc', '--no-warnings']

/**
 * Starts one with the Node that runs this.
 *
 * @param deadlineMs when it is killed if it is still there
 */
export function startChild(order: Order, deadlineMs: number): Child {
  const child = spawn(process.execPath, [...FLAGS, ENTRY, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, HTTP_PROXY: '', HTTPS_PROXY: '', NODE_ENV: 'production' },
  })
  const kill = () => void child.kill('SIGKILL')
  // By itself a failing measurement would leave it behind.
  process.once('exit', kill)
  const { words, heard, over } = listenTo(child)
  const ended = waitForEnd(child, deadlineMs, () => {
    process.removeListener('exit', kill)
    over()
  })
  return { pid: child.pid ?? 0, words, heard, signal: (signal) => void child.kill(signal), ended }
}

function listenTo(child: ChildProcess): Pick<Child, 'words' | 'heard'> & { over: () => void } {
  const words: Word[] = []
  const listeners = new Set<() => void>()
  let isOver = false
  const wakeAll = () => {
    for (const listener of listeners) listener()
  }
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    words.push(JSON.parse(line) as Word)
    wakeAll()
  })
  return {
    words,
    heard<K extends Word['word']>(kind: K) {
      return new Promise<Extract<Word, { word: K }> | undefined>((resolve) => {
        const look = () => {
          const found = words.find(({ word }) => word === kind) as Extract<Word, { word: K }> | undefined
          if (found === undefined && !isOver) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      })
    },
    over() {
      isOver = true
      wakeAll()
    },
  }
}

async function waitForEnd(child: ChildProcess, deadlineMs: number, over: () => void): Promise<Ended> {
  let isOverdue = false
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    if (complaint.length < COMPLAINT_LENGTH) complaint += chunk.toString()
  })
  const timer = setTimeout(() => {
    isOverdue = true
    child.kill('SIGKILL')
  }, deadlineMs)
  const { promise: closed, resolve: close, reject } = Promise.withResolvers<void>()
  const { promise: exited, resolve: exit } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('exit', () => exit(Date.now()))
  // After its last word was read.
  child.once('close', () => close())
  try {
    await closed
    const { exitCode: code, signalCode: signal } = child
    return { at: await exited, code, signal, isOverdue, complaint: summarize(complaint) }
  } finally {
    clearTimeout(timer)
    over()
  }
}

/** The line that names an error, or the last one, cut to a length for a table. */
export function summarize(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const named = lines.find((line) => /^\s*\[?([A-Z]\w*)?Error\b.*:/.test(line))
  return (named ?? lines.at(-1) ?? '').trim().slice(0, SUMMARY_LENGTH)
}
