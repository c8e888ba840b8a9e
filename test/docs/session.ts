/** Runs the scripts of a page in one shell, block after block, and says which failed or printed something else. */

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { type Block, placeOf } from './blocks.ts'
import { isShell } from './commands.ts'
import type { Finding } from './compile.ts'
import { findDifferences, findMissing } from './outputs.ts'
import { buildScript, localize, nextOf, outputPath, type ShellWorld } from './session-script.ts'

/** Longest time that the blocks of a page may take, in milliseconds. */
const TIMEOUT_MS = 100_000

/** Runs all blocks of a page that are scripts and are not marked as not run. @param page its blocks, in order */
export async function runPage(page: readonly Block[], world: ShellWorld): Promise<Finding[]> {
  const scripts = page.filter((block) => isShell(block) && block.marks.notRun === undefined)
  const findings: Finding[] = []
  // A block that fails ends its shell; those after it are tried in another.
  for (let rest = scripts; rest.length > 0; ) {
    const failed = await runShell(rest, page, world)
    if (failed === undefined) break
    const { code, stderr } = failed
    findings.push({
      place: placeOf(failed.block),
      message: `exit code ${code}: ${stderr.trim().slice(-1_500)}`,
    })
    rest = rest.slice(rest.indexOf(failed.block) + 1)
  }
  for (const block of scripts) findings.push(...(await compareOutput(block, page, world)))
  return findings
}

async function runShell(scripts: readonly Block[], page: readonly Block[], world: ShellWorld) {
  const { folder, shims, env } = world
  const own = { ...env, PATH: `${shims}:${process.env['PATH']}` }
  const { code, stdout, stderr } = await execute(buildScript(scripts, page, world), { cwd: folder, env: own })
  const [, at = ''] = /DOCS_AT (\d+)\s*$/.exec(stdout) ?? []
  if (code === 0 && at === '0') return undefined
  // A script that bash cannot read at all fails as a whole, with the first block.
  const block = scripts.find(({ line }) => line === Number(at)) ?? scripts[0]
  if (block === undefined) throw new Error('a failed script has no block')
  const said = await readFile(`${outputPath(block, world)}.err`, 'utf8').catch(() => '')
  return { block, code, stderr: said + stderr }
}

/** A shell that takes too long is ended with all that it has started. */
function execute(script: string, { cwd, env }: { cwd: string; env: Record<string, string> }) {
  return new Promise<{ code: number | string; stdout: string; stderr: string }>((resolve) => {
    const child = spawn('bash', ['-s'], { cwd, env, detached: true })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => void stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk))
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), TIMEOUT_MS)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        code: code ?? signal ?? '',
        stdout: `${Buffer.concat(stdout)}`,
        stderr: `${Buffer.concat(stderr)}`,
      })
    })
    child.stdin.end(script)
  })
}

async function compareOutput(block: Block, page: readonly Block[], world: ShellWorld): Promise<Finding[]> {
  const next = nextOf(block, page)
  if (next === undefined || !(next.marks.isOutput || next.marks.isAnswer)) return []
  const printed = await readFile(outputPath(block, world), 'utf8').catch(() => '')
  const shown = localize(next.code, world)
  const messages = next.marks.isAnswer ? findMissing(shown, printed) : findDifferences(shown, printed)
  return messages.map((message) => ({ place: placeOf(next), message }))
}
