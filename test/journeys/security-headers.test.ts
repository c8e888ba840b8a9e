/** What the real Worker says of its pages, scripts and answers to a browser: who may run, frame, embed and keep them. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'

let stack: TestStack

beforeAll(async () => {
  stack = await startTestStack()
})
afterAll(() => stack.stop())

async function headersOf(path: string, init: RequestInit = {}): Promise<[number, Headers, string]> {
  const response = await fetch(stack.worker.url + path, { redirect: 'manual', ...init })
  return [response.status, response.headers, await response.text()]
}

/** The directives of a policy. */
function policyOf(headers: Headers): Map<string, string[]> {
  const directives = (headers.get('content-security-policy') ?? '').split(';').map((one) => one.trim())
  return new Map(directives.map((one) => one.split(/\s+/)).map(([name = '', ...values]) => [name, values]))
}

/** Policies that all pages share. */
const NOTHING = ['default-src', 'frame-ancestors', 'base-uri', 'object-src']

describe('a page', () => {
  it.each([
    ['/dashboard', { 'script-src': ["'self'"], 'connect-src': ["'self'"], 'form-action': ["'none'"] }],
    ['/download', { 'script-src': ["'self'"], 'form-action': ["'self'"], 'frame-src': ["'self'"] }],
    ['/demo/', { 'connect-src': ["'self'"], 'form-action': ["'none'"] }],
    ['/demo/product/mug', { 'connect-src': ["'self'"], 'form-action': ["'none'"] }],
  ])('%s runs what is beside it alone, and is in nobody’s frame or window', async (path, directives) => {
    const [status, headers] = await headersOf(path)
    const policy = policyOf(headers)
    expect(status).toBe(200)
    for (const name of NOTHING) expect([name, policy.get(name)]).toEqual([name, ["'none'"]])
    expect(Object.fromEntries(policy)).toMatchObject(directives)
    const text = headers.get('content-security-policy') ?? ''
    // No host, no scheme but that of pictures, no wildcard, nothing that would run what was put into the page.
    expect(text).not.toMatch(/unsafe|\*|https?:|blob:|strict-dynamic/)
    expect(text.match(/\bdata:/g) ?? []).toHaveLength(policy.get('img-src')?.includes('data:') ? 1 : 0)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toMatch(/camera=\(\).*geolocation=\(\).*microphone=\(\)/)
    expect(headers.get('referrer-policy')).toBe(
      path.startsWith('/demo') ? 'strict-origin-when-cross-origin' : 'no-referrer',
    )
    expect(headers.get('cache-control')).toMatch(/no-cache|max-age=0/)
  })

  it.each(['/dashboard.html', '/dashboard/', '/download.html', '/download/', '/dashboard/index.html'])(
    'is not to be had by the other address %s without its policy',
    async (path) => {
      const [status, headers, text] = await headersOf(path)
      if (status === 200) expect(policyOf(headers).get('default-src')).toEqual(["'none'"])
      else expect([status, text.includes('<script')]).toEqual([expect.toBeOneOf([301, 307, 308, 404]), false])
    },
  )

  it('runs nothing inline but the snippet of the shop, by its hash', async () => {
    for (const path of ['/dashboard', '/download', '/demo/']) {
      const [, headers, html] = await headersOf(path)
      const inline = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text)
      const hashes = (policyOf(headers).get('script-src') ?? []).filter((one) => one.startsWith("'sha256-"))
      expect([path, inline.length]).toEqual([path, path === '/demo/' ? 1 : 0])
      for (const [index, text] of inline.entries()) {
        const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
        expect(hashes[index]).toBe(`'sha256-${Buffer.from(digest).toString('base64')}'`)
      }
      expect(html).not.toMatch(/\son\w+=|<style|\sstyle=|javascript:/i)
    }
  })
})

describe('the script tag', () => {
  it.each([
    '/millrace.js',
    '/millrace/index.js',
    '/millrace/debug.js',
    '/millrace.js.map',
    '/integrity.json',
  ])('%s is to be loaded by any page, with SRI and in isolated ones too', async (path) => {
    const [status, headers] = await headersOf(path)
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })
})

describe('an answer of the API', () => {
  const reader = { authorization: 'Bearer dev-read' }
  const secret = { authorization: 'Bearer dev-secret' }
  it.each<[string, RequestInit, RegExp]>([
    ['/v1/query/top?field=country', { headers: reader }, /^private\b/],
    ['/v1/live/windows', { headers: reader }, /^no-store$/],
    ['/v1/lake/manifest', { headers: reader }, /^private\b/],
    ['/v1/lake/download?from=1h', { headers: reader }, /^private, no-store$/],
    ['/v1/dead', { headers: secret }, /^no-store$/],
    ['/v1/spill', { headers: secret }, /^no-store$/],
  ])('%s is private, and is no page', async (path, init, cache) => {
    const [status, headers] = await headersOf(path, init)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toMatch(cache)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-type')).not.toMatch(/html|javascript/)
  })

  it.each(['/v1/batch', '/v1/query/top', '/nowhere', '/v1/dead', '/health', '/openapi.json'])(
    '%s without a key is no page either, even for a browser that asks for one',
    async (path) => {
      const accept = { accept: 'text/html,application/xhtml+xml' }
      const [, headers] = await headersOf(`${path}?x=<script>alert(1)</script>`, { headers: accept })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-type')).toMatch(/^application\/json/)
    },
  )

  it('sets no cookie that a page could be logged in by, so that no other page acts in its name', async () => {
    for (const path of ['/dashboard', '/download', '/v1/live/windows', '/v1/query/top'])
      expect([path, (await headersOf(path, { headers: reader }))[1].get('set-cookie')]).toEqual([path, null])
    const [status] = await headersOf('/v1/live/windows', {
      headers: { cookie: 'token=dev-read; millrace=dev-read' },
    })
    expect(status).toBe(401)
  })
})
