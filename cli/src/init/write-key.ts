/** Write keys: public names that clients send, which nobody else's client hits upon by chance. */

import { randomInt } from 'node:crypto'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 62^20 is more than 2^119. */
const LENGTH = 20

/** A key in a configuration; its text is taken over as it is, so only what needs no escape counts. */
const FIRST_KEY = /\bwriteKeys\s*:\s*\[\s*(['"`])([A-Za-z0-9_-]{4,64})\1/

/** A new key, `wk_` and 20 letters and digits. @param pick a random whole number from 0 to under its argument */
export function createWriteKey(pick: (below: number) => number = (below) => randomInt(below)): string {
  return `wk_${Array.from({ length: LENGTH }, () => LETTERS[pick(LETTERS.length)]).join('')}`
}

/** The first key of an existing configuration, which pages may carry already; `undefined` when it shows none. */
export function findWriteKey(config: string): string | undefined {
  return FIRST_KEY.exec(config)?.[2]
}
