/** The source `dev`, which the collector gives to everyone in development, and only there. */

import { parseToken } from './sources.ts'

/** Name and write key of that source. */
export const DEVELOPMENT_SOURCE = 'dev'

/** Where the collector tells its read token. */
const TOKEN_PATH = '/demo/read-token'

/** The read token; `undefined` where the collector gives none, or is away. */
export async function fetchDevelopmentToken(): Promise<string | undefined> {
  try {
    const response = await fetch(TOKEN_PATH)
    return response.ok ? parseToken(await response.text()) : undefined
  } catch {
    // The server is away: a token can still be entered.
    return undefined
  }
}
