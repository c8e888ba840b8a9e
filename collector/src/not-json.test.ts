import { describe, expect, it } from 'vitest'
import { describeNotJson } from './not-json.ts'

async function compress(format: 'gzip' | 'deflate'): Promise<string> {
  const stream = new Blob(['{"batch":[]}']).stream().pipeThrough(new CompressionStream(format))
  return new TextDecoder().decode(await new Response(stream).arrayBuffer())
}

describe('a body that is not JSON', () => {
  it.each([
    ['', 'the body is empty; it must be JSON'],
    [' \n', 'the body is empty; it must be JSON'],
    ['hello', 'the body is not JSON'],
    ['a = b', 'the body is not JSON'],
    ['data=%7B%22batch%22%3A%5B%5D%7D', 'a form (name=value); post the JSON itself as the body'],
    ['writeKey=wk&event=x', 'a form (name=value); post the JSON itself as the body'],
    ['--form-1\r\nContent-Disposition: form-data; name="a"\r\n', 'a form (multipart); post the JSON itself'],
    ['{"batch":[', 'JSON that is cut short or has a mistake in it'],
    ["{'batch':[]}", 'JSON that is cut short or has a mistake in it'],
  ])('such as %j is told by what it looks like', (text, words) => {
    expect(describeNotJson(text)).toContain(words)
  })

  it.each([
    ['gzip', 'gzip within gzip; compress it once'],
    ['deflate', 'deflate; say so by Content-Encoding: deflate'],
  ] as const)('is told to be %s that nobody announced', async (format, words) => {
    expect(describeNotJson(await compress(format))).toBe(`the body is not JSON but looks like ${words}`)
  })
})
