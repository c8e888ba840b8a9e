/** What tests of `millrace init` are written with: a project, a person who answers, and a folder that is gone afterwards. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Choice } from './decide.ts'
import type { Project } from './project.ts'
import { Interrupted, type Prompts } from './questions.ts'

/** A project with everything; `changes` are laid over it. */
export function fakeProject(changes: Partial<Project> = {}): Project {
  return {
    name: 'shop',
    sites: ['https://shop.example'],
    domain: 'events.shop.example',
    clickhouse: { url: 'https://db.example:8443', user: 'millrace' },
    staging: true,
    source: 'web',
    writeKey: 'wk_test',
    devSecrets: { secretKey: 'test-secret', readToken: 'test-read' },
    version: '0.1.0',
    zodVersion: '4.6.7',
    nodeVersion: undefined,
    ...changes,
  }
}

/** What a person answers, in order: text, yes or no, what becomes of a file, or that they go away. */
export type FakeAnswer = string | boolean | { choose: Choice } | 'leave'

/** A person; what they were told and asked is in `heard`, where texts that were refused have the reason behind them. */
export function fakePrompts(answers: readonly FakeAnswer[]): Prompts & { heard: string[] } {
  const left = [...answers]
  const heard: string[] = []
  const next = (message: string): FakeAnswer => {
    heard.push(message)
    const answer = left.shift()
    if (answer === undefined || answer === 'leave') throw new Interrupted('interrupted')
    return answer
  }
  return {
    heard,
    say: (line) => void heard.push(line),
    async input({ message, suggestion, check }) {
      for (;;) {
        const answer = next(`${message} (${suggestion})`)
        const text = answer === '' ? suggestion : String(answer)
        const verdict = check(text)
        if (verdict === true) return text
        heard.push(verdict)
      }
    },
    confirm: async ({ message, suggestion }) => {
      const answer = next(message)
      return answer === '' ? suggestion : answer === true
    },
    choose: async (message) => {
      const answer = next(message)
      if (typeof answer === 'object') return answer.choose
      throw new TypeError(`no choice for ${message}`)
    },
  }
}

/** An empty folder, which is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-init-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
