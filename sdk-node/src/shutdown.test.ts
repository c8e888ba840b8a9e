import { describe, expect, it } from 'vitest'
import { createFakeProcess } from './fake-client.ts'
import { createShutdown } from './shutdown.ts'

function setUp({ sent = undefined as Promise<void> | undefined, process = createFakeProcess() } = {}) {
  const told: string[] = []
  const deferred: (() => void)[] = []
  const shutdown = createShutdown({
    process,
    defer: (callback) => void deferred.push(callback),
    onIdle: () => void told.push('idle'),
    onExit: () => void told.push('exit'),
    onSignal(isOurs) {
      told.push(isOurs ? 'ours' : 'theirs')
      return sent
    },
  })
  return { shutdown, process, told, deferred }
}

describe('the end of a process', () => {
  it('listens between watch and unwatch only', () => {
    const { shutdown, process, told } = setUp()
    shutdown.watch()
    shutdown.watch()
    expect(process.count()).toBe(5)
    process.emit('beforeExit')
    process.emit('exit')
    shutdown.unwatch()
    expect(process.count()).toBe(0)
    expect(told).toEqual(['idle', 'exit'])
  })

  it('is told of the exit before a listener of the application that ends it all', () => {
    const { shutdown, process, told } = setUp()
    process.on('exit', () => {
      throw new Error('mine')
    })
    shutdown.watch()
    expect(() => process.emit('exit')).toThrow('mine')
    expect(told).toEqual(['exit'])
  })

  it('a signal that nobody else hears is raised again without our listener', () => {
    const { shutdown, process, told } = setUp()
    shutdown.watch()
    process.emit('SIGINT')
    expect([told, process.raised, process.listenerCount('SIGINT')]).toEqual([['ours'], ['SIGINT'], 0])
  })

  it('a signal that the application hears is its own, and we hear the next one', () => {
    const { shutdown, process, told, deferred } = setUp()
    process.on('SIGHUP', () => {})
    shutdown.watch()
    process.emit('SIGHUP')
    for (const run of deferred) run()
    process.emit('SIGHUP')
    expect([told, process.raised]).toEqual([['theirs', 'theirs'], []])
  })

  it("an application's listener that hears once is seen before it is gone", () => {
    const { shutdown, process, told } = setUp()
    const once = () => void process.off('SIGTERM', once)
    process.on('SIGTERM', once)
    shutdown.watch()
    process.emit('SIGTERM')
    expect([told, process.raised]).toEqual([['theirs'], []])
  })

  it('two clients share a listener, and the signal is raised once', () => {
    const process = createFakeProcess()
    const clients = [setUp({ process }), setUp({ process })]
    for (const { shutdown } of clients) shutdown.watch()
    expect(process.count()).toBe(5)
    process.emit('SIGTERM')
    expect(clients.flatMap(({ told }) => told)).toEqual(['ours', 'ours'])
    expect(process.raised).toEqual(['SIGTERM'])
  })

  it('what is to be sent first is waited for', async () => {
    let finish = () => {}
    const sent = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { shutdown, process } = setUp({ sent })
    shutdown.watch()
    process.emit('SIGTERM')
    expect(process.raised).toEqual([])
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    expect(process.raised).toEqual(['SIGTERM'])
  })

  it('a process that cannot raise signals has none handled', () => {
    const { on, off, count } = createFakeProcess()
    const shutdown = createShutdown({
      process: { on, off },
      defer: () => {},
      onIdle: undefined,
      onExit: () => {},
      onSignal: () => undefined,
    })
    shutdown.watch()
    expect(count()).toBe(1)
  })
})
