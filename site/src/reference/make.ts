/** All references that are made from the sources. */

import { join } from 'node:path'
import { readApi } from '../http/openapi.ts'
import { HTTP_REFERENCE, writeHttpReference } from '../http-reference.ts'
import { writeReference } from './api-markdown.ts'
import { REFERENCES } from './packages.ts'
import { readEntries } from './read-exports.ts'

/**
 * Makes them.
 *
 * @param root of the repository
 * @returns keys are files, values their Markdown
 */
export function makeReferences(root: string): Map<string, string> {
  const entries = readEntries(
    REFERENCES.flatMap(({ imports }) => imports.map(({ source }) => join(root, source))),
  )
  const made = new Map<string, string>()
  for (const reference of REFERENCES) {
    made.set(reference.file, writeReference(reference, entries.splice(0, reference.imports.length)))
  }
  made.set(HTTP_REFERENCE, writeHttpReference(readApi()))
  return made
}
