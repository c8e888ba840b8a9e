/** Names the bot behind a user agent, and reads the sign that a browser is driven by a program. */

import type { JsonObject } from '@millrace/schemas'
import { getPattern } from 'isbot'
import { classifyAgent } from './relay.ts'
import { readShortText } from './short-text.ts'
import { createUserAgentMemo } from './user-agent-memo.ts'

/** Longest name of a bot, in UTF-16 units. */
const MAX_NAME_LENGTH = 64

/** The name of a bot whose user agent has no word in it. */
const NAMELESS = 'unknown'

const WORD_CHARACTER = /[\w.-]/

/** Words that every other bot's user agent has, so they name none. */
const NO_NAME = /^(?:https?|url|www\..*|mozilla|compatible|like|gecko|khtml|bots?)$/i

/**
 * A function that gives the name of the bot a user agent is known as (`Googlebot`, `HeadlessChrome`), by the patterns
 * of isbot; `undefined` for people. Libraries of servers (`node`, `python-requests`) and the HTTP stacks of phones are
 * no bots here, because events come through them that people caused. Nor is an empty user agent.
 *
 * @param maxEntries distinct user agents that are remembered, default 1,000
 */
export function createBotDetector(maxEntries?: number): (userAgent: string) => string | undefined {
  return createUserAgentMemo(nameBot, maxEntries)
}

/** Whether a program drives the browser, as a client reports `navigator.webdriver`: by that path in the context, or shorter. */
export function isAutomated(context: JsonObject | undefined): boolean {
  if (context === undefined) return false
  if (context['webdriver'] === true) return true
  const navigator = context['navigator']
  return (
    typeof navigator === 'object' &&
    navigator !== null &&
    !Array.isArray(navigator) &&
    navigator['webdriver'] === true
  )
}

function nameBot(userAgent: string): string | undefined {
  const kind = classifyAgent(userAgent)
  if (kind === 'server' || kind === 'app') return undefined
  const match = getPattern().exec(userAgent)
  if (match === null) return undefined
  // Some patterns begin with a space or a sign.
  const start = match.index + match[0].search(/\w|$/)
  const name = wordAt(userAgent, start) ?? lastProductOf(userAgent.slice(0, match.index))
  return readShortText(name, MAX_NAME_LENGTH)
}

/** The whole word around a position: `Googlebot` for the position of `bot`; `undefined` when it names nobody. */
function wordAt(text: string, position: number): string | undefined {
  let start = position
  let end = position
  while (start > 0 && WORD_CHARACTER.test(text.charAt(start - 1))) start -= 1
  while (end < text.length && WORD_CHARACTER.test(text.charAt(end))) end += 1
  const word = text.slice(start, end)
  return isName(word) ? word : undefined
}

/** What stands before the link of `(compatible; ChatGPT-User/1.0; +https://openai.com/bot)`, without its version. */
function lastProductOf(text: string): string {
  const products = text.split(/[\s;,:()+]+/).map((product) => product.replace(/\/.*$/s, ''))
  return products.findLast(isName) ?? NAMELESS
}

function isName(word: string): boolean {
  return /[a-z]/i.test(word) && !NO_NAME.test(word)
}
