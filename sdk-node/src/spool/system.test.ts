import { spawn } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { createSystem } from './system.ts'

const isLinux = process.platform === 'linux'

describe('system', () => {
  it('knows itself', () => {
    const system = createSystem()
    expect(system.pid).toBe(process.pid)
    expect(system.isRunning(system.pid, system.startedAt)).toBe(true)
  })

  it.runIf(isLinux)('tells a process from an earlier one with the same id', () => {
    const system = createSystem()
    expect(system.startedAt).toBeGreaterThan(0)
    expect(system.isRunning(system.pid, system.startedAt - 1)).toBe(false)
  })

  it('a process that ended does not run, even before anybody asked how it ended', async () => {
    const system = createSystem()
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const pid = child.pid ?? 0
    expect(system.isRunning(pid, 0)).toBe(true)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(system.isRunning(pid, 0)).toBe(false)
  })

  it.runIf(isLinux)('is the same in every thread', async () => {
    const { startedAt, host, bootId } = createSystem()
    const module = JSON.stringify(new URL('./system.ts', import.meta.url).href)
    const text = `import(${module}).then(({ createSystem }) => {
      const { startedAt, host, bootId } = createSystem()
      require('node:worker_threads').parentPort.postMessage({ startedAt, host, bootId })
    })`
    const worker = new Worker(text, { eval: true })
    expect(await new Promise((resolve) => worker.once('message', resolve))).toEqual({
      startedAt,
      host,
      bootId,
    })
  })
})
