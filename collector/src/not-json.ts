/** Says of a body that is not JSON what it looks like: most often it is the right thing, wrapped wrongly. */

/**
 * One sentence for a person.
 *
 * @param text the body as UTF-8, bytes that are none as U+FFFD
 */
export function describeNotJson(text: string): string {
  if (text.trim() === '') return 'the body is empty; it must be JSON'
  const likeness =
    COMPRESSED.find(([start]) => text.startsWith(start)) ?? LIKENESSES.find(([like]) => like.test(text))
  return likeness === undefined
    ? 'the body is not JSON'
    : `the body is not JSON but looks like ${likeness[1]}`
}

const GZIP = 'gzip within gzip; compress it once'
const DEFLATE = 'deflate; say so by Content-Encoding: deflate'

/** What compressed bodies begin with, bytes that are no UTF-8 as U+FFFD. */
const COMPRESSED: readonly (readonly [start: string, what: string])[] = [
  // 1f 8b. Source: RFC 1952, section 2.3.1.
  ['\u001f\ufffd', GZIP],
  // 78, then 01, 5e, 9c or da by the level. Source: RFC 1950, section 2.2.
  ['x\u0001', DEFLATE],
  ['x^', DEFLATE],
  ['x\ufffd', DEFLATE],
]

const LIKENESSES: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^--[\w'()+,./:=?-]+\r?\n/, 'a form (multipart); post the JSON itself as the body'],
  [/^[\w.%+*[\]-]{1,200}=/, 'a form (name=value); post the JSON itself as the body'],
  [/^\s*[[{]/, 'JSON that is cut short or has a mistake in it'],
]
