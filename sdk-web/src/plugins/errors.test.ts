import { describe, expect, test } from 'vitest'
import { type ErrorsOptions, errors } from './errors.ts'
import { createFakeClient, createFakePage } from './fakes.ts'

function start(options: ErrorsOptions = {}) {
  const fake = createFakeClient()
  const { window, dispatch } = createFakePage({})
  const stop = errors(fake.client, { ...options, window })
  const fail = (message: string, fields: object = {}) =>
    dispatch('error', { message, filename: '', lineno: 0, colno: 0, error: null, ...fields })
  return { ...fake, dispatch, fail, stop }
}

describe('errors', () => {
  test('records an error with its place and stack', () => {
    const { tracked, fail } = start()
    const error = Object.assign(new TypeError('x is not a function'), { stack: 's'.repeat(5_000) })
    const filename = 'https://shop.example/app.js'
    fail('Uncaught TypeError: x is not a function', { error, filename, lineno: 3, colno: 7 })
    const place = { source: filename, line: 3, column: 7 }
    const fields = {
      kind: 'error',
      message: 'x is not a function',
      name: 'TypeError',
      stack: 's'.repeat(2_000),
    }
    expect(tracked).toEqual([['Error Occurred', { ...fields, ...place }]])
  })

  test.each([
    [new RangeError('too far'), { message: 'too far', name: 'RangeError', stack: expect.any(String) }],
    ['just text', { message: 'just text' }],
    [undefined, { message: 'undefined' }],
    [null, { message: 'null' }],
    [{ message: 'like an error' }, { message: 'like an error' }],
    [{ code: 7 }, { message: '[object Object]' }],
  ])('records a rejection with %o', (reason, fields) => {
    const { tracked, dispatch } = start()
    dispatch('unhandledrejection', { reason })
    expect(tracked).toEqual([['Error Occurred', { kind: 'rejection', ...fields }]])
  })

  test('records an error of a script of another origin, once', () => {
    const { tracked, fail } = start()
    for (let i = 0; i < 3; i++) fail('Script error.')
    expect(tracked).toEqual([['Error Occurred', { kind: 'error', message: 'Script error.' }]])
  })

  test('records the same error once, and 20 at most', () => {
    const { tracked, fail } = start()
    for (let i = 0; i < 30; i++) for (let times = 0; times < 3; times++) fail(`e${i}`)
    expect(tracked.map(([, { message }]) => message)).toEqual(Array.from({ length: 20 }, (_, i) => `e${i}`))
  })

  test('leaves out what it is told to', () => {
    const { tracked, fail } = start({ ignore: [/^Extension/], maxErrors: 1 })
    fail('Extension context invalidated')
    fail('real')
    expect(tracked).toHaveLength(1)
    const usual = start()
    usual.fail('ResizeObserver loop completed with undelivered notifications.')
    expect(usual.tracked).toEqual([])
  })

  test.each([
    [false, []],
    [
      true,
      [
        [
          'Error Occurred',
          {
            ...{ kind: 'resource', name: 'img', source: 'https://x.example/a.png' },
            message: 'img could not be loaded',
          },
        ],
      ],
    ],
  ])('records resources only if asked (%s)', (resources, recorded) => {
    const { tracked, dispatch } = start({ resources })
    dispatch('error', { target: { localName: 'img', src: 'https://x.example/a.png' } })
    expect(tracked).toEqual(recorded)
  })

  test('records no error that recording one makes', () => {
    const fake = createFakeClient()
    const { window, dispatch } = createFakePage({})
    let calls = 0
    const track = () => {
      calls++
      dispatch('error', { message: `again ${calls}` })
      throw new Error('no')
    }
    errors({ ...fake.client, track }, { window })
    dispatch('error', { message: 'first' })
    dispatch('error', { message: 'second' })
    expect(calls).toBe(2)
  })

  test('throws nothing for a value that cannot be read, and hears nothing once stopped', () => {
    const { tracked, dispatch, fail, stop } = start()
    const reason = { toString: () => JSON.parse('{') }
    expect(() => dispatch('unhandledrejection', { reason })).not.toThrow()
    stop()
    fail('late')
    expect(tracked).toEqual([])
  })
})
