/** Reads what wrangler prints for people, where it prints nothing else. Source: wrangler 4.155. */

import { stripVTControlCharacters } from 'node:util'
import type { RunResult } from './run.ts'

/** Why nothing could be asked. */
export const NO_LOGIN = 'wrangler is not logged in'

/** What to do about it. */
export const LOGIN = 'log in: `npx wrangler login`, or set CLOUDFLARE_API_TOKEN'

/** Why it failed: the reason among banners and advertisements, in one line. */
export function whyNot({ code, stdout, stderr }: RunResult): string {
  const text = `${stderr}\n${stdout}`
  if (
    /CLOUDFLARE_API_TOKEN|wrangler login|not authenticated|Authentication error|"loggedIn":\s*false/i.test(
      text,
    )
  )
    return NO_LOGIN
  if (code === undefined) return stderr.trim().split('\n')[0] || 'wrangler does not answer'
  const lines = text.split('\n')
  // The line with the error says only which request failed; what Cloudflare said stands below, with its code.
  const line = lines.find((one) => /\[code: \d+\]/.test(one)) ?? lines.find((one) => /error/i.test(one))
  return withoutDecoration(line ?? text.trim().split('\n')[0] ?? '')
}

/** Whether what was asked for is not there: a queue, a bucket, an object, a Worker. */
export function isMissing(result: RunResult): boolean {
  const text = `${result.stderr}\n${result.stdout}`
  return (
    result.code !== 0 &&
    result.code !== undefined &&
    /does not exist|not found|\[code: (10006|10007|10090|11000)\]/i.test(text)
  )
}

/** Whether it could not be made because there is one of that name; whose it is, is not said. */
export function isTaken(result: RunResult): boolean {
  return (
    result.code !== 0 && /already (exists|taken|own)|is already taken/i.test(result.stderr + result.stdout)
  )
}

/** Names of the secrets that `wrangler secret list --format json` prints, or `undefined` where it is no such list. */
export function readSecretNames(stdout: string): Set<string> | undefined {
  try {
    // A banner may come before it.
    const listed = JSON.parse(stdout.slice(stdout.indexOf('['))) as { name: string }[]
    return new Set(listed.map(({ name }) => name))
  } catch {
    // Not JSON; the caller says so.
    return undefined
  }
}

/** Without wrangler's signs, and without colours should there be any. */
function withoutDecoration(line: string): string {
  return stripVTControlCharacters(line)
    .replace(/^\W*\[ERROR\]\s*|^[✘▲\s]+/u, '')
    .trim()
}
