import { describe, expect, it } from 'vitest'
import { parseLine } from './parse-line.ts'
import { findSkipRule, SKIP_KINDS } from './rules.ts'

function ruleFor(request: string, status = 200): string | undefined {
  const parsed = parseLine(Buffer.from(`192.0.2.1 - - [03/Mar/2024:09:00:01 +0000] "${request}" ${status} 5`))
  if (!parsed.ok) throw new Error(parsed.reason)
  return findSkipRule(parsed.entry)
}

const get = (path: string, status = 200) => ruleFor(`GET ${path} HTTP/1.1`, status)

describe('a request', () => {
  it.each([
    ['-', 400, 'no-request'],
    ['HEAD / HTTP/1.1', 200, 'method'],
    ['POST /style.css HTTP/1.1', 404, 'method'],
    ['GET /a HTTP/1.1', 301, 'redirect'],
    ['GET /a HTTP/1.1', 404, 'error'],
    ['GET /style.css HTTP/1.1', 500, 'error'],
    ['GET /a.pdf HTTP/1.1', 206, 'no-document'],
    ['GET /beacon HTTP/1.1', 204, 'no-document'],
    ['GET /ws HTTP/1.1', 101, 'no-document'],
  ])('%s answered with %i is skipped as %s', (request, status, rule) => {
    expect(ruleFor(request, status)).toBe(rule)
  })

  it.each([
    ['/robots.txt', 'site-file'],
    ['//favicon.ico', 'site-file'],
    ['/favicon-32x32.png', 'site-file'],
    ['/sitemap-2.xml.gz', 'site-file'],
    ['/.well-known/security.txt', 'site-file'],
    ['/healthz', 'health-check'],
    ['/server-status?auto', 'health-check'],
    ['/feed/', 'feed'],
    ['/blog/index.xml', 'feed'],
    ['/posts.rss', 'feed'],
    ['/?flav=rss20', 'feed'],
    ['/blog?x=1&feed=rss2', 'feed'],
    ['/LOGO.PNG', 'asset'],
    ['/app.js?v=3', 'asset'],
    ['/font.woff2', 'asset'],
    ['/paper.pdf', 'download'],
    ['/setup.tar.gz', 'download'],
    ['/notes.txt', 'download'],
    ['/data.json', 'data'],
    ['/api/cart', 'data'],
    ['/graphql', 'data'],
  ])('for %s is skipped as %s', (path, rule) => {
    expect(get(path)).toBe(rule)
  })

  it.each([
    '/',
    '/about',
    '/index.html',
    '/page.xhtml',
    '/wp-login.php?action=register',
    '/blog/release-1.2',
    '/users/jane.doe',
    '/apiary',
    '/feedback',
    '/?page=2',
    '/search?format=large',
    '/a.css/',
    '/paper.pdf.html',
  ])('for %s is a page view', (path) => {
    expect(get(path)).toBeUndefined()
    expect(get(path, 304)).toBeUndefined()
  })
})

it('every kind of skip has a name of its own and a description', () => {
  expect(new Set(SKIP_KINDS.map(({ name }) => name)).size).toBe(SKIP_KINDS.length)
  for (const { description } of SKIP_KINDS) expect(description).not.toBe('')
})
