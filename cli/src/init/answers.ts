/** What `millrace init` has to know, and what makes an answer fit. Pure: knows neither flags nor prompts. */

import { defineConfig } from '@millrace/schemas/config'
import { NAME_PATTERN } from '@millrace/schemas/wire'
import { isLoopback } from '../command-world.ts'

/** The answers; `null` is an answer too: none. */
export interface Answers {
  /** Name of the Worker; its queues and its bucket begin with it. */
  name: string
  /** Origins whose pages may send; empty: any. */
  sites: readonly string[]
  /** The collector's own host; `null`: the one that Cloudflare gives under workers.dev. */
  domain: string | null
  /** Where events are stored; `null`: not known yet. */
  clickhouse: ClickHouseAnswer | null
  /** Whether there is a staging environment beside production. */
  staging: boolean
}

/** How ClickHouse is reached; the password is a secret and stands nowhere. */
export interface ClickHouseAnswer {
  url: string
  user: string
}

/** A fit value, or what is wrong with the text in words that follow its name: `must be …`. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string }

/** ClickHouse's own. */
export const DEFAULT_USER = 'default'

/** Name of the first source. */
export const DEFAULT_SOURCE = 'web'

/** Characters of a queue's name, as of a host's label. Source: Cloudflare Queues limits, checked November 2026. */
const MAX_QUEUE_NAME = 63

/** The longest name that is made of a project's: `shop-staging-events`. */
const LONGEST_ENDING = '-staging-events'

/** So that every name made of it is one that Cloudflare takes. */
export const MAX_NAME = MAX_QUEUE_NAME - LONGEST_ENDING.length

/** No two dashes in a row: browsers would take `xn--` for an encoded name. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/

const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** Printable ASCII without spaces: it travels in a header. */
const USER = /^[\x21-\x7e]{1,128}$/

/** Ports of ClickHouse's native protocol, which Workers do not speak. Source: clickhouse.com/docs/guides/sre/network-ports. */
const NATIVE_PORTS: readonly string[] = ['9000', '9440']

/** The folder's name made fit for a Worker; `millrace` when nothing of it is. */
export function fitName(folderName: string): string {
  const plain = folderName.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const dashed = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-/, '')
  return dashed.slice(0, MAX_NAME).replace(/-$/, '') || 'millrace'
}

/** Checks the name of the project. */
export function parseName(text: string): Parsed<string> {
  const name = text.trim()
  if (NAME.test(name) && name.length <= MAX_NAME) return valid(name)
  return invalid(`must be 1 to ${MAX_NAME} of a-z, 0-9 and single dashes between them, got ${quote(name)}`)
}

/** Checks the name of the first source; its secrets are named by it. */
export function parseSourceName(text: string): Parsed<string> {
  const name = text.trim()
  if (!NAME_PATTERN.test(name) || !/^[a-z]/.test(name))
    return invalid(
      `must be 1 to 64 of a-z, 0-9, "-" and "_", beginning with a letter: its secrets are named by it; got ${quote(name)}`,
    )
  const problem = refusal(() => defineConfig({ sources: [{ name, writeKeys: ['wk'] }] }))
  return problem === undefined ? valid(name) : invalid(problem.replace(/^sources\[0\]\.name /, ''))
}

/** Checks origins, divided by commas or spaces; none is none. A slash at the end is taken off. */
export function parseSites(text: string): Parsed<readonly string[]> {
  const sites = new Set<string>()
  for (const word of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const origin = parseOrigin(word)
    if (origin === undefined)
      return invalid(
        `must be origins such as https://shop.example, without a path and divided by commas; got ${quote(word)}`,
      )
    sites.add(origin)
  }
  return valid([...sites])
}

/** Checks the collector's own host; nothing is none. */
export function parseDomain(text: string): Parsed<string | null> {
  const typed = text.trim().toLowerCase()
  if (typed === '') return valid(null)
  const host = hostOf(typed)
  if (host === undefined)
    return invalid(`must be a host such as events.shop.example, without port or path; got ${quote(typed)}`)
  if (/\.(workers|pages)\.dev$/.test(host))
    return invalid(
      'must be a domain of your own; the address under workers.dev comes by itself when none is given',
    )
  return valid(host)
}

/** A site's own host would be taken away from it; `undefined` when nothing is wrong. */
export function checkApart(domain: string | null, sites: readonly string[]): string | undefined {
  if (domain === null || !sites.some((site) => new URL(site).hostname === domain)) return undefined
  return `must not be the address of the site itself, which the collector would take over; events.${domain.replace(/^www\./, '')} would do`
}

/** Checks the address of ClickHouse; nothing is none. It never repeats a password that stands in it. */
export function parseClickHouse(text: string): Parsed<string | null> {
  const typed = text.trim()
  if (typed === '') return valid(null)
  const url = URL.canParse(typed) ? new URL(typed) : undefined
  if (url !== undefined && url.username + url.password !== '')
    return invalid('must hold neither user nor password: the user is asked for, the password is a secret')
  const shown = quote(typed.replace(/\/\/.*@/, '//'))
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search + url.hash !== '')
    return invalid(`must be an address such as https://db.example:8443, got ${shown}`)
  if (NATIVE_PORTS.includes(url.port))
    return invalid(`must have the port of the HTTPS interface, mostly 8443; ${url.port} is of the native one`)
  if (url.protocol === 'http:' && !isLoopback(url.href))
    return invalid(`must begin with https://, because the password travels there; got ${shown}`)
  return valid(url.href.replace(/\/+$/, ''))
}

/** Checks the user of ClickHouse. */
export function parseUser(text: string): Parsed<string> {
  const user = text.trim()
  return USER.test(user)
    ? valid(user)
    : invalid(`must be ASCII characters without spaces, got ${quote(user)}`)
}

/** Of an address without a path; a host with a dot and no scheme is taken for one of https. */
function parseOrigin(text: string): string | undefined {
  const address = /^[^/:@]+\.[^/:@]+\/?$/.test(text) ? `https://${text}` : text
  if (!URL.canParse(address)) return undefined
  const { origin, pathname, search, hash, username, password } = new URL(address)
  if (!/^https?:\/\//i.test(address) || pathname !== '/' || search + hash + username + password !== '')
    return undefined
  const allowedOrigins = [origin]
  const problem = refusal(() => defineConfig({ sources: [{ name: 'a', writeKeys: ['wk'], allowedOrigins }] }))
  return problem === undefined ? origin : undefined
}

/** A name with at least one dot; an international one in its ASCII form, no IP address. */
function hostOf(text: string): string | undefined {
  const address = text.startsWith('https://') ? text : `https://${text}`
  if (!URL.canParse(address)) return undefined
  const { hostname, href } = new URL(address)
  const labels = hostname.split('.')
  const isName =
    labels.length > 1 && hostname.length <= 253 && labels.every((label) => HOST_LABEL.test(label))
  return isName && /[a-z]/.test(labels.at(-1) ?? '') && href === `https://${hostname}/` ? hostname : undefined
}

/** What the configuration's own check says against it. */
function refusal(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function valid<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

function invalid(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
