import { describe, expect, test } from 'vitest'
import { type AutocaptureOptions, autocapture } from './autocapture.ts'
import { createFakeClient, createFakeElement, createFakePage } from './fakes.ts'

function start(options: AutocaptureOptions = {}) {
  const { client, tracked } = createFakeClient()
  const { window, dispatch } = createFakePage({ location: new URL('https://shop.example/list') })
  const stop = autocapture(client, { ...options, window })
  const click = (path: object[], fields: object = {}) =>
    dispatch('click', { composedPath: () => [...path, window], button: 0, ...fields })
  return { tracked, stop, dispatch, click, window }
}

function link(href: string, attributes: Record<string, string> = {}, text = '') {
  return Object.assign(createFakeElement(['a[href]'], { href, ...attributes }), { textContent: text })
}

function form(attributes: Record<string, string> = {}) {
  const elements = [createFakeElement(['textarea']), createFakeElement(['button'])]
  return Object.assign(createFakeElement(['form'], attributes), { elements })
}

describe('autocapture', () => {
  test('records an element by its attributes, from what is inside of it', () => {
    const { tracked, click } = start()
    const attributes = {
      'data-millrace-event': 'Plan Chosen',
      'data-millrace-plan-name': 'pro',
      'data-x': '1',
    }
    click([createFakeElement(['span']), createFakeElement(['button'], attributes)])
    expect(tracked).toEqual([['Plan Chosen', { planName: 'pro' }]])
  })

  test('records elements by selector, and skips a selector that the browser does not know', () => {
    const { tracked, click } = start({ selectors: { Bad: '::nope(', Bought: '.buy' } })
    const element = createFakeElement(['.buy'])
    const matches = element.matches
    element.matches = (selector) => {
      if (selector.includes('nope')) throw new SyntaxError(selector)
      return matches(selector)
    }
    click([element])
    expect(tracked).toEqual([['Bought', {}]])
  })

  test.each([
    ['https://user:pw@other.example/a?b=1#token', 'https://other.example/a?b=1', '  Read \n more '],
    ['//other.example/', 'https://other.example/', 'Read more'],
  ])('records the outbound link %s without user and fragment', (href, recorded, text) => {
    const { tracked, click } = start()
    click([link(href, {}, text)])
    expect(tracked).toEqual([['Outbound Link Clicked', { href: recorded, text: 'Read more' }]])
  })

  test.each([
    '/cart',
    'https://shop.example/x',
    'https://www.own.example/',
    'mailto:ada@x.example',
    'https://[',
  ])('records no link to %s', (href) => {
    const { tracked, click } = start({ ownDomains: ['own.example'] })
    click([link(href)])
    expect(tracked).toEqual([])
  })

  test.each([
    ['/files/Terms.PDF?v=2', {}, 'pdf'],
    ['https://cdn.example/a.docx', {}, 'docx'],
    ['/export', { download: '' }, ''],
  ])('records %s as a download', (href, attributes, extension) => {
    const { tracked, click } = start()
    click([link(href, attributes)])
    const url = new URL(href, 'https://shop.example').href
    expect(tracked).toEqual([['File Downloaded', { href: url, extension }]])
  })

  test('takes other extensions', () => {
    const { tracked, click } = start({ extensions: ['step'] })
    click([link('/part.step')])
    click([link('/part.pdf')])
    expect(tracked.map(([, { extension }]) => extension)).toEqual(['step'])
  })

  test('cuts text to 100 characters, and takes the label where there is none', () => {
    const { tracked, click } = start()
    click([link('https://other.example', {}, 'x'.repeat(500))])
    click([link('https://other.example', { 'aria-label': 'Our chat' })])
    expect(tracked.map(([, { text }]) => text)).toEqual(['x'.repeat(100), 'Our chat'])
  })

  test('reads no text that a visitor may have written', () => {
    const { tracked, click } = start()
    click([Object.assign(link('https://other.example', {}, 'my secret'), { isContentEditable: true })])
    click([Object.assign(link('https://other.example', {}, 'my secret'), { querySelector: () => ({}) })])
    expect(JSON.stringify(tracked)).not.toContain('secret')
    expect(tracked).toHaveLength(2)
  })

  test('counts the middle button on links, and no other', () => {
    const { tracked, dispatch } = start()
    const press = (path: object[], button: number) =>
      dispatch('auxclick', { composedPath: () => path, button })
    press([link('https://other.example')], 1)
    press([link('https://other.example')], 2)
    press([createFakeElement([], { 'data-millrace-event': 'Pressed' })], 1)
    expect(tracked.map(([event]) => event)).toEqual(['Outbound Link Clicked'])
  })

  test('counts a click on a label once, though the browser repeats it on the field', () => {
    const { tracked, click } = start()
    const field = createFakeElement(['input'])
    const label = Object.assign(createFakeElement(['label'], { 'data-millrace-event': 'Ticked' }), {
      control: field,
      contains: () => true,
    })
    click([label])
    click([field, label])
    expect(tracked).toEqual([['Ticked', {}]])
  })

  test('records a form without its values, by attributes that fields cannot replace', () => {
    const { tracked, dispatch } = start()
    const element = form({ id: 'signup', name: 'Sign up', action: '/join?code=7#x' })
    dispatch('submit', { composedPath: () => [element] })
    const fields = { id: 'signup', name: 'Sign up', action: 'https://shop.example/join', fields: 1 }
    expect(tracked).toEqual([['Form Submitted', fields]])
  })

  test("records a form's own event as it is submitted, not at clicks in it", () => {
    const { tracked, click, dispatch } = start({ forms: false })
    const element = form({ 'data-millrace-event': 'Joined' })
    click([createFakeElement(['input']), element])
    expect(tracked).toEqual([])
    dispatch('submit', { composedPath: () => [element] })
    expect(tracked).toEqual([['Joined', {}]])
  })

  test('leaves alone what is marked, in and out of shadow roots', () => {
    const { tracked, click, dispatch } = start()
    click([link('https://other.example'), createFakeElement([], { 'data-millrace-ignore': '' })])
    const host = Object.assign(createFakeElement([]), { closest: () => ({}) })
    const hidden = Object.assign(form(), { getRootNode: () => ({ host }) })
    dispatch('submit', { composedPath: () => [hidden] })
    expect(tracked).toEqual([])
  })

  test.each([
    ['clicks', ['Outbound Link Clicked', 'File Downloaded', 'Form Submitted']],
    ['outbound', ['Own', 'Own', 'File Downloaded', 'Form Submitted']],
    ['downloads', ['Own', 'Outbound Link Clicked', 'Own', 'Form Submitted']],
    ['forms', ['Own', 'Outbound Link Clicked', 'Own', 'File Downloaded']],
  ])('can leave out %s', (kind, recorded) => {
    const { tracked, click, dispatch } = start({ [kind]: false })
    click([link('https://other.example', { 'data-millrace-event': 'Own' })])
    click([link('/a.pdf', { 'data-millrace-event': 'Own' })])
    dispatch('submit', { composedPath: () => [form()] })
    expect(tracked.map(([event]) => event)).toEqual(recorded)
  })

  test('throws nothing into the page, and hears nothing once stopped', () => {
    const { tracked, click, stop } = start()
    expect(() => click([{ matches: null }])).not.toThrow()
    stop()
    click([link('https://other.example')])
    expect(tracked).toEqual([])
  })
})
