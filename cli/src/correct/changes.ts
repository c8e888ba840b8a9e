/** Reads what a correction replaces, from what was typed or from a file. Whether it may be so is the schema's business. */

import { readFile } from 'node:fs/promises'
import { UsageError } from '../command-world.ts'

/** Fields whose value is text, whatever it looks like: `userId=42` is the id "42". */
const TEXT_FIELDS = ['event', 'name', 'category', 'userId', 'anonymousId', 'groupId', 'timestamp']

/** Fields whose keys are named: `properties.price`. What comes after the first dot is the key. */
const OBJECT_FIELDS = ['properties', 'traits']

/**
 * Changes of `--set field=value`. A value of `properties` and `traits` is JSON where it reads as JSON, else text.
 *
 * @throws UsageError for an assignment that names no field
 */
export function parseAssignments(assignments: readonly string[]): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  for (const assignment of assignments) {
    const [, path = '', value = ''] = /^([^=]+)=(.*)$/s.exec(assignment) ?? []
    const [, field = path, key] = /^([^.]+)\.(.+)$/s.exec(path) ?? []
    if (key === undefined && TEXT_FIELDS.includes(field)) changes[field] = parseText(value)
    else if (key !== undefined && OBJECT_FIELDS.includes(field)) {
      changes[field] = { ...(changes[field] as object | undefined), [key]: parseJson(value) ?? value }
    } else {
      const fields = [...TEXT_FIELDS, ...OBJECT_FIELDS.map((name) => `${name}.<key>`)].join(', ')
      throw new UsageError(`--set must be <field>=<value> with one of ${fields}, got ${assignment}`)
    }
  }
  return changes
}

/**
 * Changes of a file: one JSON object.
 *
 * @throws UsageError when it cannot be read or is none
 */
export async function readChangesFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`)
  })
  const changes = parseJson(text)
  if (typeof changes === 'object' && changes !== null && !Array.isArray(changes)) {
    return changes as Record<string, unknown>
  }
  throw new UsageError(`${path} must hold one JSON object`)
}

/** Quotation marks may be typed where a shell leaves them. */
function parseText(value: string): string {
  const parsed = parseJson(value)
  return typeof parsed === 'string' ? parsed : value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Text is what is left.
    return undefined
  }
}
