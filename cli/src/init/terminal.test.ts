import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { Interrupted } from './questions.ts'
import { createTerminalPrompts } from './terminal.ts'

const CTRL_C = '\x03'
const CTRL_D = '\x04'
const DOWN = '\x1b[B'

/** A terminal whose person types; a prompt listens a moment after it is put. */
async function createTerminal(signal?: AbortSignal) {
  const stdin = new PassThrough()
  const { stream, text } = createSink()
  const prompts = await createTerminalPrompts({ stdin, stderr: stream, signal })
  const type = async (...keys: string[]) => {
    for (const key of keys) {
      await sleep(20)
      stdin.write(key)
    }
  }
  const end = async () => {
    await sleep(20)
    stdin.end()
  }
  return { prompts, type, end, text, listeners: () => stdin.listenerCount('keypress') }
}

const QUESTION = {
  message: 'Name',
  suggestion: 'shop',
  check: (text: string) => text !== 'bad' || 'It is bad',
}

describe('a terminal', () => {
  it('takes a line, what is suggested, yes or no, and a choice', async () => {
    const { prompts, type, text } = await createTerminal()
    prompts.say('why\x1b[2J')
    expect((await Promise.all([prompts.input(QUESTION), type('store\r')]))[0]).toBe('store')
    expect((await Promise.all([prompts.input(QUESTION), type('\r')]))[0]).toBe('shop')
    const yesOrNo = { message: 'Staging?', suggestion: true }
    expect((await Promise.all([prompts.confirm(yesOrNo), type('n\r')]))[0]).toBe(false)
    expect((await Promise.all([prompts.confirm(yesOrNo), type('\r')]))[0]).toBe(true)
    expect((await Promise.all([prompts.choose('README.md:'), type(DOWN, '\r')]))[0]).toBe('beside')
    expect((await Promise.all([prompts.choose('README.md:'), type('\r')]))[0]).toBe('keep')
    expect(text()).toContain('why\\u{1b}[2J\n')
  })

  it('says what is wrong, and lets it be typed anew', async () => {
    const { prompts, type, text } = await createTerminal()
    const [answer] = await Promise.all([prompts.input(QUESTION), type('bad\r', '\x7f\x7f\x7f', 'good\r')])
    expect(answer).toBe('good')
    expect(text()).toContain('It is bad')
  })

  it.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('is left by %s, and listens no more', async (_, key) => {
    const { prompts, type, listeners } = await createTerminal()
    await Promise.all([expect(prompts.input(QUESTION)).rejects.toThrow(Interrupted), type(key)])
    expect(listeners()).toBe(0)
  })

  it('is left when nothing can be typed any more, now and later', async () => {
    const { prompts, end } = await createTerminal()
    await Promise.all([expect(prompts.input(QUESTION)).rejects.toThrow(Interrupted), end()])
    await expect(prompts.input(QUESTION)).rejects.toThrow(Interrupted)
  })

  it('is left by a signal', async () => {
    const interruption = new AbortController()
    const { prompts } = await createTerminal(interruption.signal)
    const answer = expect(prompts.confirm({ message: 'Staging?', suggestion: true })).rejects.toThrow(
      Interrupted,
    )
    interruption.abort()
    await answer
  })
})
