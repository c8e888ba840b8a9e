/** What can be typed, over the repository's own files. Nothing is asked of the network: each is refused before. */

import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../fakes.ts'
import { runProgram } from '../program.ts'

async function deploy(args: readonly string[], env: Record<string, string> = {}) {
  const [stdout, stderr] = [createSink(), createSink()]
  const code = await runProgram({
    args: ['deploy', ...args],
    env,
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

describe('millrace deploy', () => {
  it.each<[string[], RegExp]>([
    [['--url', 'collect.example'], /--url must be an http or https address/],
    [['--clickhouse-url', 'http://u:p@127.0.0.1'], /--clickhouse-url must be an address .* got http:\/\/127/],
    [['--database', 'a-b'], /--database: the name of the database must be/],
    [['--secrets-file', 'none.env'], /there is no file none\.env/],
    [['--nonsense'], /unknown option '--nonsense'/],
  ])('says what is wrong with %j', async (args, expected) => {
    const { code, stderr } = await deploy(args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(expected)])
  })

  it("takes the environment of wrangler's variable, and the one that is typed before it", async () => {
    const { code, stdout } = await deploy([], { CLOUDFLARE_ENV: 'of-variable' })
    expect([code, stdout]).toEqual([1, expect.stringContaining('there is no environment of-variable')])
    const typed = await deploy(['--env', 'typed'], { CLOUDFLARE_ENV: 'of-variable' })
    expect(typed.stdout).toContain('there is no environment typed')
  })

  it('reports a configuration that does not load as JSON, and says it on standard error', async () => {
    const { code, stdout, stderr } = await deploy(['--json', '--config', 'none.ts', '--env', 'none'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no file none.ts')])
    const { problems, steps } = JSON.parse(stdout) as { problems: object[]; steps: { state: string }[] }
    expect(problems).toMatchObject([{ check: 'none.ts' }, { check: 'wrangler.toml' }])
    expect(steps.map(({ state }) => state)).toEqual(Array(7).fill('left'))
  })
})
