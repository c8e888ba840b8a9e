import { expect, onTestFinished, test } from 'vitest'
import { SIGNALS, shieldWorkerd, withoutSignalListeners } from './signals.ts'

test('listeners for signals that a creation adds are taken away, and only those', () => {
  const [own, foreign] = [() => {}, () => {}]
  for (const signal of SIGNALS) process.on(signal, own)
  onTestFinished(() => {
    for (const signal of SIGNALS) process.off(signal, own).off(signal, foreign)
  })
  const before = SIGNALS.map((signal) => process.listeners(signal))
  const created = withoutSignalListeners(() => {
    for (const signal of SIGNALS) process.on(signal, foreign)
    return 'created'
  })
  expect(created).toBe('created')
  expect(SIGNALS.map((signal) => process.listeners(signal))).toEqual(before)
  expect(process.listeners('SIGTERM')).toContain(own)
})

test.skipIf(process.platform === 'win32')('workerd is started through the shield, once', () => {
  const env: Record<string, string | undefined> = {}
  shieldWorkerd(env)
  const shielded = { ...env }
  expect(env).toEqual({
    MILLRACE_WORKERD: expect.stringMatching(/workerd$/),
    MINIFLARE_WORKERD_PATH: expect.stringMatching(/local\/src\/workerd\.sh$/),
  })
  shieldWorkerd(env)
  expect(env).toEqual(shielded)
})

test.skipIf(process.platform === 'win32')(
  'a workerd that was chosen before is the one behind the shield',
  () => {
    const env: Record<string, string | undefined> = { MINIFLARE_WORKERD_PATH: '/opt/workerd' }
    shieldWorkerd(env)
    expect(env['MILLRACE_WORKERD']).toBe('/opt/workerd')
  },
)
