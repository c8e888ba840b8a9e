/** What an error event of the window says, made to fit an event. */

/** Longest text, address and stack that are kept, in UTF-16 units. */
const MAX_TEXT = 500
const MAX_STACK = 2_000

/** Properties of `Error Occurred`; what is not known is absent. */
export interface ErrorFields {
  kind: 'error' | 'rejection' | 'resource'
  message: string
  /** Class of the error, such as `TypeError`; of a resource the tag. */
  name?: string | undefined
  /** Address of the script or of the resource. */
  source?: string | undefined
  line?: number | undefined
  column?: number | undefined
  stack?: string | undefined
}

/**
 * Reads an `error` or `unhandledrejection` event. A script of another origin without CORS shows as `Script error.` and
 * nothing more; anything may have been thrown.
 */
export function readError(event: Event): ErrorFields {
  if (event.type !== 'error') return readThrown('rejection', (event as PromiseRejectionEvent).reason)
  if (!('message' in event)) return readResource(event.target as Element)
  const { error, message, filename, lineno, colno } = event as ErrorEvent
  const thrown = readThrown('error', error ?? message)
  return { ...thrown, source: cut(filename), line: lineno || undefined, column: colno || undefined }
}

function readThrown(kind: 'error' | 'rejection', thrown: unknown): ErrorFields {
  const { message, name, stack } = Object(thrown) as Partial<Error>
  return {
    kind,
    message: cut(message ?? thrown) ?? 'undefined',
    name: cut(name),
    stack: cut(stack, MAX_STACK),
  }
}

function readResource(element: Element): ErrorFields {
  const name = element.localName
  const source = (element as HTMLImageElement).src || (element as HTMLLinkElement).href
  return { kind: 'resource', message: `${name} could not be loaded`, name, source: cut(source) }
}

function cut(value: unknown, maxUnits = MAX_TEXT): string | undefined {
  return value === undefined || value === '' ? undefined : String(value).slice(0, maxUnits)
}
