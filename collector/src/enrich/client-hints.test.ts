import { describe, expect, it } from 'vitest'
import { createHintsReader, readUserAgentData } from './client-hints.ts'

const readHints = createHintsReader()

describe('createHintsReader', () => {
  it('tells browsers apart that differ in one header only', () => {
    const brands = '"Chromium";v="142"'
    const phone = new Headers({ 'Sec-CH-UA': brands, 'Sec-CH-UA-Mobile': '?1' })
    const desk = new Headers({ 'Sec-CH-UA': brands, 'Sec-CH-UA-Mobile': '?0' })
    for (const _ of [1, 2]) {
      expect(readHints(phone)?.isMobile).toBe(true)
      expect(readHints(desk)?.isMobile).toBe(false)
    }
  })

  it('reads all headers of a desktop Chrome', () => {
    const headers = new Headers({
      'Sec-CH-UA': '"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"',
      'Sec-CH-UA-Mobile': '?0',
      'Sec-CH-UA-Platform': '"Windows"',
      'Sec-CH-UA-Platform-Version': '"15.0.0"',
      'Sec-CH-UA-Model': '""',
      'Sec-CH-UA-Full-Version-List':
        '"Chromium";v="124.0.6367.91", "Google Chrome";v="124.0.6367.92", "Not-A.Brand";v="99.0.0.0"',
    })
    expect(readHints(headers)).toEqual({
      browserName: 'Chrome',
      browserVersion: '124.0.6367.92',
      browserMajor: '124',
      platform: 'Windows',
      platformVersion: '15.0.0',
      isMobile: false,
    })
  })

  it('reads an Android phone that only says what every browser says', () => {
    const headers = new Headers({
      'Sec-CH-UA': '"Samsung Internet";v="25.0", "Not.A/Brand";v="99", "Chromium";v="121"',
      'Sec-CH-UA-Mobile': '?1',
      'Sec-CH-UA-Platform': '"Android"',
    })
    expect(readHints(headers)).toEqual({
      browserName: 'Samsung Internet',
      browserMajor: '25.0',
      platform: 'Android',
      isMobile: true,
    })
  })

  it('gives nothing for a browser that sends none', () => {
    expect(readHints(new Headers({ 'User-Agent': 'Mozilla/5.0', 'Sec-CH-UA-Mobile': '?1' }))).toBeUndefined()
  })

  it.each([
    ['"Not A;Brand";v="99", "Chromium";v="124", "Microsoft Edge";v="124"', 'Edge', '124'],
    ['"Opera";v="109", "Not:A-Brand";v="8", "Chromium";v="123"', 'Opera', '109'],
    ['"Chromium";v="124", "Brave";v="124", "Not-A.Brand";v="99"', 'Brave', '124'],
    ['"Chromium";v="122", "Not(A:Brand";v="24", "Yowser";v="2.5", "YaBrowser";v="24.4"', 'Yandex', '24.4'],
    ['"Chromium";v="124", "Android WebView";v="124", "Not-A.Brand";v="99"', 'Chrome WebView', '124'],
    ['"Chromium";v="124", "HeadlessChrome";v="124", "Not-A.Brand";v="99"', 'Chrome Headless', '124'],
    ['"Chromium";v="124", "Not-A.Brand";v="99"', 'Chromium', '124'],
    ['"Google Chrome";v="124", "Tidewater";v="3"', 'Tidewater', '3'],
    ['"\\\\Not\\"A;Brand";v="99", "Google Chrome";v="83"', 'Chrome', '83'],
    ['"Not Any Brand";v="99","Google Chrome";v="85"', 'Chrome', '85'],
    ['"Google Chrome"; v="124" ; x=1', 'Chrome', '124'],
    ['  "Google Chrome";v="124"  ,', 'Chrome', '124'],
  ])('finds the brand in %s', (header, browserName, browserMajor) => {
    expect(readHints(new Headers({ 'Sec-CH-UA': header }))).toEqual({ browserName, browserMajor })
  })

  it.each([
    '',
    ',',
    'Chrome',
    '"Chrome',
    '"Chrome"',
    '"Chrome";v=124',
    '"Chrome";v="<script>"',
    '"";v="124"',
    '"Not-A.Brand";v="99"',
    `"${'x'.repeat(2_000)}";v="1"`,
    '"\\'.repeat(400),
    '"a";'.repeat(200),
    `"a"${';v'.repeat(500)}`,
    `"a"${' '.repeat(1_000)}x`,
  ])('gives nothing for the list %j', (header) => {
    expect(readHints(new Headers({ 'Sec-CH-UA': header }))).toBeUndefined()
  })

  it.each(['Windows', '"Windows', '"Win"dows"', '"\\x"', `"${'x'.repeat(2_000)}"`, '?1', '"'])(
    'leaves out the platform %j and keeps the rest',
    (platform) => {
      const headers = new Headers({ 'Sec-CH-UA': '"Brave";v="1"', 'Sec-CH-UA-Platform': platform })
      expect(readHints(headers)).toEqual({ browserName: 'Brave', browserMajor: '1' })
    },
  )

  it('keeps the members before a malformed one', () => {
    const headers = new Headers({ 'Sec-CH-UA': '"Brave";v="1", Chromium' })
    expect(readHints(headers)).toEqual({ browserName: 'Brave', browserMajor: '1' })
  })
})

describe('readUserAgentData', () => {
  it("reads what Segment's analytics.js sends unasked", () => {
    const data = {
      brands: [
        { brand: 'Chromium', version: '124' },
        { brand: 'Microsoft Edge', version: '124' },
        { brand: 'Not-A.Brand', version: '99' },
      ],
      mobile: false,
      platform: 'macOS',
    }
    expect(readUserAgentData(data)).toEqual({
      browserName: 'Edge',
      browserMajor: '124',
      platform: 'macOS',
      isMobile: false,
    })
  })

  it('reads high-entropy values', () => {
    const data = {
      brands: [{ brand: 'Google Chrome', version: '124' }],
      fullVersionList: [{ brand: 'Google Chrome', version: '124.0.6367.92' }],
      mobile: true,
      platform: 'Android',
      platformVersion: '14.0.0',
      model: 'Pixel 8',
    }
    expect(readUserAgentData(data)).toMatchObject({
      browserVersion: '124.0.6367.92',
      platformVersion: '14.0.0',
      model: 'Pixel 8',
      isMobile: true,
    })
  })

  it('takes the older uaFullVersion when there is no list', () => {
    const data = { brands: [{ brand: 'Google Chrome', version: '96' }], uaFullVersion: '96.0.4664.45' }
    expect(readUserAgentData(data)).toMatchObject({ browserVersion: '96.0.4664.45' })
  })

  it.each([
    undefined,
    null,
    'Chrome',
    5,
    [[]],
    {},
    { brands: 'Chrome', mobile: 1, platform: {}, platformVersion: 14, model: null },
    { brands: [null, 5, [], { brand: 5, version: '1' }, { brand: 'Chrome' }] },
    { brands: [{ brand: 'Chrome', version: '1'.repeat(100) }], platformVersion: 'Robert"); DROP' },
  ])('gives nothing for %j', (data) => {
    expect(readUserAgentData(data)).toBeUndefined()
  })
})
