/** The golden files of a release: what it left in queues, bucket, tables and clients, and how they are read and written. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ROOT } from '../../scripts/setup.mjs'
import type { BucketObject, GoldenMessage } from './release-worker.ts'

/** Folder of the first released version, relative to the root folder. */
export const RELEASE_FOLDER = 'test/golden/0.1.0'

/** Its configuration. */
export const RELEASE_CONFIG = `${RELEASE_FOLDER}/config.ts`

/** Path of a golden file. */
export function goldenPath(name: string): string {
  return join(ROOT, RELEASE_FOLDER, name)
}

/** Text of a golden file; one whose name ends in `.gz` is inflated. */
export function readText(name: string): string {
  const bytes = readFileSync(goldenPath(name))
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** Lines of a golden file. */
export function readLines(name: string): string[] {
  return readText(name)
    .split('\n')
    .filter((line) => line !== '')
}

/** Values of a file with a JSON text a line. */
export function readJsonLines<T>(name: string): T[] {
  return readLines(name).map((line) => JSON.parse(line) as T)
}

/** Value of a JSON file. */
export function readJson<T>(name: string): T {
  return JSON.parse(readText(name)) as T
}

/** Bytes of a golden file. */
export function readBytes(name: string): Buffer<ArrayBuffer> {
  return readFileSync(goldenPath(name))
}

/** Writes a golden file of bytes. */
export function writeBytes(name: string, bytes: Uint8Array): void {
  mkdirSync(dirname(goldenPath(name)), { recursive: true })
  writeFileSync(goldenPath(name), bytes)
}

/** Writes a golden file, compressed when its name ends in `.gz`. */
export function writeText(name: string, text: string): void {
  mkdirSync(dirname(goldenPath(name)), { recursive: true })
  writeFileSync(goldenPath(name), name.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text)
}

/** Writes values as a JSON text a line. */
export function writeJsonLines(name: string, values: readonly unknown[]): void {
  writeText(name, values.map((value) => `${JSON.stringify(value)}\n`).join(''))
}

/** Writes a value as JSON that a person can read. */
export function writeJson(name: string, value: unknown): void {
  writeText(name, `${JSON.stringify(value, null, 2)}\n`)
}

/** When the files were made. */
export interface About {
  release: string
  /** The Worker's time at the end, milliseconds since 1970: live state is read as of then. */
  endedAt: number
}

/** Values of a file and of the one beside it with the large ones, which come last. */
export function readMany<T>(name: string): T[] {
  const large = `${name}-large.jsonl.gz`
  return [
    ...readJsonLines<T>(`${name}.jsonl`),
    ...(existsSync(goldenPath(large)) ? readJsonLines<T>(large) : []),
  ]
}

/** Messages of the queue `events`. */
export function readEventMessages(): GoldenMessage[] {
  return readMany('messages/events')
}

/** An object of the bucket as it is listed: its content is text, or Base64 where it is none. */
interface ListedObject {
  key: string
  customMetadata: Record<string, string>
  text?: string
  base64?: string
}

/** Objects of the bucket. */
export function readObjects(): BucketObject[] {
  return [
    ...readJsonLines<ListedObject>('r2/texts.jsonl'),
    ...readJsonLines<ListedObject>('r2/binaries.jsonl.gz'),
  ].map(({ key, customMetadata, text, base64 }) => ({
    ...{ key, customMetadata },
    base64: base64 ?? Buffer.from(text ?? '', 'utf8').toString('base64'),
  }))
}

/** Writes objects of the bucket: texts, and in a file of their own those that are none. */
export function writeObjects(objects: readonly BucketObject[]): void {
  const listed = objects.map(({ key, base64, customMetadata }): ListedObject => {
    const bytes = Buffer.from(base64, 'base64')
    const text = bytes.toString('utf8')
    const isText = Buffer.from(text, 'utf8').equals(bytes)
    return isText ? { key, customMetadata, text } : { key, customMetadata, base64 }
  })
  writeJsonLines(
    'r2/texts.jsonl',
    listed.filter(({ text }) => text !== undefined),
  )
  writeJsonLines(
    'r2/binaries.jsonl.gz',
    listed.filter(({ text }) => text === undefined),
  )
}

/** Names of the golden files in a folder, in order; none where there is no such folder. */
export function listGolden(folder: string): string[] {
  if (!existsSync(goldenPath(folder))) return []
  return readdirSync(goldenPath(folder))
    .sort()
    .map((name) => `${folder}/${name}`)
}
