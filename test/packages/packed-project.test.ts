/** The harness itself: a copy that knows nothing of the repository, commands that end in time, and nothing left behind. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/setup.mjs'
import { projectEnvironment } from '../support/packed-command.ts'
import { createPackedProject, type PackedProject } from '../support/packed-project.ts'
import { findFreePort } from '../support/ports.ts'

/** Says when it listens; with a second argument it does not hear SIGTERM. */
const SERVER = `const { createServer } = require('node:http')
if (process.argv[3]) process.on('SIGTERM', () => {})
createServer((_, response) => response.end('hello')).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening as', process.pid))`

let source: string
let project: PackedProject
beforeAll(async () => {
  source = await mkdtemp(join(tmpdir(), 'millrace-source-'))
  const manifest = { name: 'app', private: true, dependencies: { '@millrace/node': '^0.1.0' } }
  await writeFile(join(source, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(source, 'package-lock.json'), '{}')
  project = await createPackedProject(source, { files: { 'src/server.cjs': SERVER } })
})
afterAll(async () => {
  await project?.remove()
  await rm(source, { recursive: true, force: true })
})

/** Whether a process runs; one that only waits to be taken note of does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return /^[^Z\s]/.test(stdout)
}

describe('a packed project', () => {
  it('has the package as it was packed: built, without sources, no link to the repository', async () => {
    const manifest = JSON.parse(await project.read('package.json'))
    expect(manifest.dependencies['@millrace/node']).toMatch(/^file:.*millrace-node-[\d.]+\.tgz$/)
    expect(existsSync(join(project.folder, 'node_modules/@millrace/node/dist/index.js'))).toBe(true)
    expect(existsSync(join(project.folder, 'node_modules/@millrace/node/src'))).toBe(false)
    const { output } = await project.run('node', ['-p', 'require.resolve("@millrace/node")'])
    expect(output.trim()).toBe(join(project.folder, 'node_modules/@millrace/node/dist/index.cjs'))
  })

  it('has no tool or setting of the repository', async () => {
    const { NODE_ENV, VITEST, PATH = '' } = projectEnvironment()
    expect([NODE_ENV, VITEST, PATH.includes(join(ROOT, 'node_modules/.bin'))]).toEqual([
      undefined,
      undefined,
      false,
    ])
    expect(await project.runToEnd('biome', ['--version'])).toMatchObject({ code: null })
  })

  it('runs a command to its end, and says with its output when it fails', async () => {
    expect(await project.run('node', ['-e', 'console.log(1); console.error(2)'])).toMatchObject({
      stdout: '1\n',
    })
    const failing = project.run('node', ['-e', 'console.log("no luck"); process.exit(3)'])
    await expect(failing).rejects.toThrow(/ended with 3:\nno luck/)
  })

  it('ends a command that takes too long, with what it has started', async () => {
    const endless = `const { spawn } = require('node:child_process')
console.log(spawn('sleep', ['600'], { stdio: 'inherit' }).pid); setInterval(() => {}, 1000)`
    const failure = await project.run('node', ['-e', endless], { timeoutMs: 1_000 }).catch(String)
    const [, pid] = /took over 1000 ms:\n(\d+)/.exec(String(failure)) ?? []
    expect(Number(pid)).toBeGreaterThan(1)
    expect(isAlive(Number(pid))).toBe(false)
  })
})

describe('a command that goes on', () => {
  it('is waited for by port or by line, and is gone once it was stopped', async () => {
    const port = await findFreePort()
    const server = project.start('node', ['src/server.cjs', String(port)])
    await server.waitForPort(port)
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hello')
    const [, pid] = await server.waitForLine(/listening as (\d+)/)
    expect(isAlive(Number(pid))).toBe(true)
    await server.stop()
    await server.stop()
    expect(isAlive(Number(pid))).toBe(false)
  })

  it('is not waited for any longer when it has ended', async () => {
    const server = project.start('node', ['-e', 'console.log("no port"); process.exit(1)'])
    await expect(server.waitForLine(/listening/)).rejects.toThrow(/has ended:\nno port/)
  })

  it('that does not hear is stopped all the same, with the project', async () => {
    const other = await createPackedProject(source, { files: { 'src/server.cjs': SERVER }, install: false })
    const server = other.start('node', ['src/server.cjs', '0', 'deaf'])
    const [, pid] = await server.waitForLine(/listening as (\d+)/)
    await other.remove()
    expect([isAlive(Number(pid)), existsSync(other.folder)]).toEqual([false, false])
  })
})
