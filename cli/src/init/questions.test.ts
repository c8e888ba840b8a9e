import { describe, expect, it } from 'vitest'
import { fakePrompts } from './fake-project.ts'
import { askMissing, defaultAnswers, Interrupted } from './questions.ts'

const DEFAULTS = defaultAnswers('shop')

describe('the questions', () => {
  it('are five, each below the reason why it is asked; Enter takes what is suggested', async () => {
    const prompts = fakePrompts(['', '', '', '', ''])
    expect(await askMissing({}, DEFAULTS, prompts)).toEqual({
      name: 'shop',
      sites: [],
      domain: null,
      clickhouse: null,
      staging: true,
    })
    const lines = prompts.heard.filter((line) => line !== '')
    expect(lines.filter((_, index) => index % 2 === 0)).toEqual(
      [1, 2, 3, 4, 5].map((number) => expect.stringMatching(`^${number}/5  [A-Z].*\\.$`)),
    )
    expect(lines.filter((_, index) => index % 2 === 1)).toEqual([
      'Name of the project (shop)',
      'Your site, such as https://shop.example (any)',
      'Domain of the collector, such as events.shop.example (none)',
      'ClickHouse, such as https://db.example:8443 (none)',
      'Staging beside production?',
    ])
  })

  it('take what is typed, and ask for the user of ClickHouse where there is one', async () => {
    const answers = [
      'store',
      'https://www.store.example',
      'events.store.example',
      'https://db.example:8443',
      'me',
      false,
    ]
    const prompts = fakePrompts(answers)
    expect(await askMissing({}, DEFAULTS, prompts)).toEqual({
      name: 'store',
      sites: ['https://www.store.example'],
      domain: 'events.store.example',
      clickhouse: { url: 'https://db.example:8443', user: 'me' },
      staging: false,
    })
    expect(prompts.heard).toContain('Domain of the collector, such as events.store.example (none)')
    expect(prompts.heard.join()).toContain('store-staging')
  })

  it('are put again with what is wrong', async () => {
    const prompts = fakePrompts(['My Shop', '', 'https://shop.example', 'shop.example', '', '', ''])
    await askMissing({}, DEFAULTS, prompts)
    expect(prompts.heard).toContainEqual(expect.stringMatching(/^It must be 1 to 48 of a-z/))
    expect(prompts.heard).toContainEqual(
      expect.stringMatching(/^It must not be the address of the site itself/),
    )
  })

  it('leave out what flags have told, and count only the others', async () => {
    const prompts = fakePrompts(['shop.example', 'https://db.example', true])
    const given = { name: 'store', domain: 'events.shop.example', clickhouseUser: 'me' }
    expect(await askMissing(given, DEFAULTS, prompts)).toMatchObject({
      name: 'store',
      sites: ['https://shop.example'],
      clickhouse: { url: 'https://db.example', user: 'me' },
    })
    expect(prompts.heard).toContainEqual(expect.stringMatching('^1/3  Pages of other sites'))
  })

  it('know a domain that flags have told apart from the site that is asked for', async () => {
    const prompts = fakePrompts(['shop.example', 'www.shop.example', '', true])
    const given = { name: 'store', domain: 'shop.example' }
    expect(await askMissing(given, DEFAULTS, prompts)).toMatchObject({ sites: ['https://www.shop.example'] })
    expect(prompts.heard).toContainEqual(
      expect.stringContaining('must not be the address of the site itself'),
    )
  })

  it('end when the person goes away', async () => {
    await expect(askMissing({}, DEFAULTS, fakePrompts(['', 'leave']))).rejects.toThrow(Interrupted)
  })
})
