import { describe, expect, test } from 'vitest'
import type { HistoryWindow } from './views.ts'
import { createViews, watchViews } from './views.ts'

const ORIGIN = 'https://shop.example'

/** A page whose history works as a browser's; addresses are given without their origin. */
function openPage(path = '/', isPrerendered = false) {
  let entries = [ORIGIN + path]
  let place = 0
  const listeners: [string, (event: { persisted?: boolean }) => void][] = []
  const location = {
    get href() {
      return entries[place] ?? ''
    },
  }
  const resolve = (url: string) => new URL(url, location.href).href
  const addEventListener = (type: string, run: (event: { persisted?: boolean }) => void) =>
    void listeners.push([type, run])
  const fire = (type: string, event = {}) => {
    for (const [name, run] of listeners) if (name === type) run(event)
  }
  const document = { prerendering: isPrerendered, addEventListener }
  const window = {
    location,
    document,
    addEventListener,
    history: {
      pushState(_: unknown, __: string, url = location.href) {
        if (new URL(url, location.href).origin !== ORIGIN) throw new DOMException('', 'SecurityError')
        entries = [...entries.slice(0, place + 1), resolve(url)]
        place++
      },
      replaceState(_: unknown, __: string, url = location.href) {
        entries[place] = resolve(url)
      },
    },
  }
  const seen: string[] = []
  watchViews(
    (isReplaced) => seen.push(location.href.slice(ORIGIN.length) + (isReplaced ? ' instead' : '')),
    window as unknown as HistoryWindow,
  )
  return {
    seen,
    fire,
    /** As by one who took `replaceState` before it was watched. */
    replaceUnseen(url: string) {
      entries[place] = resolve(url)
    },
    push: (url?: string) => window.history.pushState({}, '', url),
    replace: (url?: string) => window.history.replaceState({}, '', url),
    go(steps: number) {
      place += steps
      fire('popstate')
    },
    show() {
      document.prerendering = false
      fire('prerenderingchange')
    },
  }
}

describe('view', () => {
  test('is seen once the page has begun', async () => {
    const page = openPage('/a?b=1')
    expect(page.seen).toEqual([])
    await Promise.resolve()
    expect(page.seen).toEqual(['/a?b=1'])
  })

  test('is seen for each address that is pushed, once', async () => {
    const page = openPage('/')
    await Promise.resolve()
    for (const url of ['/a', '/a', undefined, '/a?b=1', '/a?b=1#c', '#d', '/']) page.push(url)
    expect(page.seen).toEqual(['/', '/a', '/a?b=1', '/'])
  })

  test('is not seen again for what frameworks replace', async () => {
    const page = openPage('/a')
    await Promise.resolve()
    for (const url of [undefined, '/a', '/a?sort=price', '/a?sort=name#top', '#end']) page.replace(url)
    expect(page.seen).toEqual(['/a'])
    // What was replaced was seen, so going there again is nothing new.
    page.push('/a?sort=name')
    expect(page.seen).toEqual(['/a'])
    page.push('/a')
    expect(page.seen).toEqual(['/a', '/a'])
  })

  test('is seen when another path takes its place, and told apart', async () => {
    const page = openPage('/old')
    await Promise.resolve()
    page.replace('/new')
    page.push('/login')
    page.replace('/home')
    expect(page.seen).toEqual(['/old', '/new instead', '/login', '/home instead'])
  })

  test('is seen once when the page replaces its state as it begins', async () => {
    const page = openPage('/a')
    page.replace()
    await Promise.resolve()
    expect(page.seen.map((url) => url.split(' ')[0])).toEqual(['/a'])
  })

  test('is seen again by the back button and the forward button', async () => {
    const page = openPage('/')
    await Promise.resolve()
    page.push('/a')
    page.push('/b')
    page.go(-1)
    page.go(-1)
    page.go(2)
    expect(page.seen).toEqual(['/', '/a', '/b', '/a', '/', '/b'])
  })

  test('is not seen again when only the fragment goes back', async () => {
    const page = openPage('/')
    await Promise.resolve()
    page.push('#a')
    page.go(-1)
    expect(page.seen).toEqual(['/'])
  })

  test('is seen again when the page comes from the cache, not when it is shown first', async () => {
    const page = openPage('/')
    await Promise.resolve()
    page.replaceUnseen('/?b=1')
    page.fire('pageshow', { persisted: false })
    expect(page.seen).toEqual(['/'])
    page.fire('pageshow', { persisted: true })
    expect(page.seen).toEqual(['/', '/?b=1'])
    page.replace('/?a=1')
    expect(page.seen).toHaveLength(2)
  })

  test('of a page that is prerendered is seen when it is shown', async () => {
    const page = openPage('/', true)
    await Promise.resolve()
    expect(page.seen).toEqual([])
    page.show()
    expect(page.seen).toEqual(['/'])
    page.push('/a')
    expect(page.seen).toEqual(['/', '/a'])
  })

  test.each(['/', '/other'])(
    'of a page that goes to %s while it is prerendered is seen when it is shown',
    async (url) => {
      const page = openPage('/', true)
      page.replace(url)
      page.push(`${url}?a=1`)
      await Promise.resolve()
      expect(page.seen).toEqual([])
      page.show()
      expect(page.seen).toEqual([`${url}?a=1`])
    },
  )

  test('is not seen where the browser refuses the address, and the page is told', async () => {
    const page = openPage('/')
    await Promise.resolve()
    expect(() => page.push('https://elsewhere.example/')).toThrow(DOMException)
    expect(page.seen).toEqual(['/'])
  })
})

describe('referrer', () => {
  test('is the document’s, then the address of the view before', () => {
    const views = createViews('https://from.example/')
    expect(views.before()).toBe('https://from.example/')
    views.enter(`${ORIGIN}/#top`)
    expect(views.before()).toBe('https://from.example/')
    views.enter(`${ORIGIN}/a?b=1#c`)
    expect(views.before()).toBe(`${ORIGIN}/`)
    views.enter(`${ORIGIN}/b`)
    expect(views.before()).toBe(`${ORIGIN}/a?b=1`)
  })

  test('stays when the same view is recorded again', () => {
    const views = createViews('')
    views.enter(`${ORIGIN}/`)
    views.enter(`${ORIGIN}/a`)
    views.enter(`${ORIGIN}/a#b`)
    expect(views.before()).toBe(`${ORIGIN}/`)
  })

  test('is not an address that was replaced before it was seen', () => {
    const views = createViews('')
    views.enter(`${ORIGIN}/`)
    views.enter(`${ORIGIN}/login`)
    views.enter(`${ORIGIN}/home`, true)
    expect(views.before()).toBe(`${ORIGIN}/`)
    views.enter(`${ORIGIN}/a`)
    expect(views.before()).toBe(`${ORIGIN}/home`)
  })
})
