/** Says of a body that is not JSON what it looks like: most often it is the right thing, wrapped wrongly. */

/**
 * One sentence for a person.
 *
 * @param text the body as UTF-8, bytes that are none as U+FFFD
 */
export function describeNotJson(text: string): string {
  if (text.trim() === '') return 'the body is empty; it must be JSON'
  const likeness = LIKENESSES.find(([pattern]) => pattern.test(text))
  return likeness === undefined
    ? 'the body is not JSON'
    : `the body is not JSON but looks like ${likeness[1]}`
}

const LIKENESSES: readonly (readonly [pattern: RegExp, what: string])[] = [
  // The bytes 1f 8b (RFC 1952, section 2.3.1); the second is not UTF-8.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it begins with
  [/^\u001f\ufffd/, 'gzip; say so by Content-Encoding: gzip'],
  // 78, then 01, 5e, 9c or da by the level (RFC 1950, section 2.2).
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it begins with
  [/^x[\u0001^\ufffd]/, 'deflate; say so by Content-Encoding: deflate'],
  [/^--[\w'()+,./:=?-]+\r?\n/, 'a form (multipart); post the JSON itself as the body'],
  [/^[\w.%+*[\]-]{1,200}=/, 'a form (name=value); post the JSON itself as the body'],
  [/^\s*[[{]/, 'JSON that is cut short or has a mistake in it'],
]
