/** Over what wrangler 4.155 prints. */

import { describe, expect, it } from 'vitest'
import { isMissing, isTaken, NO_LOGIN, readSecretNames, whyNot } from './words.ts'

const failed = (stderr: string) => ({ code: 1, stdout: '', stderr })

describe('whyNot', () => {
  it.each<[string, string]>([
    [
      '✘ [ERROR] A request to the Cloudflare API (/accounts/1/queues) failed.\n\n  Queue name is already taken. [code: 11009]\n',
      'Queue name is already taken. [code: 11009]',
    ],
    [
      '\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m Queue "q" does not exist.',
      'Queue "q" does not exist.',
    ],
    ['banner\n\n✘ [ERROR] The specified key does not exist.\n', 'The specified key does not exist.'],
    ['✘ [ERROR] Authentication error [code: 10000]', NO_LOGIN],
  ])('%j', (stderr, why) => {
    expect(whyNot(failed(stderr))).toBe(why)
  })

  it('knows nobody logged in by the JSON of whoami, and a program that did not end', () => {
    expect(whyNot({ code: 1, stdout: '{\n  "loggedIn": false\n}', stderr: '' })).toBe(NO_LOGIN)
    expect(whyNot({ code: undefined, stdout: '', stderr: '' })).toBe('wrangler does not answer')
  })
})

describe('isMissing', () => {
  it.each<[string, boolean]>([
    ['Queue "q" does not exist. To create it, run: wrangler queues create q', true],
    ['The specified bucket does not exist. [code: 10006]', true],
    ['This Worker does not exist on your account. [code: 10007]', true],
    ['The specified key does not exist.', true],
    ['fetch failed', false],
  ])('%s', (text, expected) => {
    expect(isMissing(failed(text))).toBe(expected)
    // What did not end says nothing.
    expect(isMissing({ ...failed(text), code: undefined })).toBe(false)
  })
})

describe('isTaken', () => {
  it('is of what failed because of its name', () => {
    expect(
      isTaken(failed('The bucket you tried to create already exists, and you own it. [code: 10004]')),
    ).toBe(true)
    expect(isTaken(failed('You have reached the limit'))).toBe(false)
  })
})

describe('readSecretNames', () => {
  it('reads the list behind a banner, and says when it is none', () => {
    expect(readSecretNames('⛅️ wrangler\n[{"name":"A","type":"secret_text"}]\n')).toEqual(new Set(['A']))
    expect(readSecretNames('┌─┐')).toBeUndefined()
  })
})
