import { describe, expect, it } from 'vitest'
import type { ClientHints } from './client-hints.ts'
import { createDeviceReader } from './device.ts'

const WINDOWS_CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36'
const MAC_CHROME =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36'
const ANDROID_CHROME =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36'

describe('createDeviceReader', () => {
  const readDevice = createDeviceReader()

  it.each([
    [
      WINDOWS_CHROME,
      {
        type: 'desktop',
        browserName: 'Chrome',
        browserVersion: '124.0.0.0',
        osName: 'Windows',
        osVersion: '10',
      },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Safari/605.1.15',
      {
        type: 'desktop',
        brand: 'Apple',
        model: 'Macintosh',
        browserName: 'Safari',
        browserVersion: '17.4.1',
        osName: 'macOS',
        osVersion: '10.15.7',
      },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
      { type: 'desktop', browserName: 'Firefox', browserVersion: '125.0', osName: 'Linux' },
    ],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36',
      { type: 'desktop', osName: 'Chrome OS', osVersion: '14541.0.0' },
    ],
    [
      `${WINDOWS_CHROME} Edg/124.0.2478.51`,
      { type: 'desktop', browserName: 'Edge', browserVersion: '124.0.2478.51' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1',
      {
        type: 'mobile',
        brand: 'Apple',
        model: 'iPhone',
        browserName: 'Mobile Safari',
        osName: 'iOS',
        osVersion: '17.4.1',
      },
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
      { type: 'tablet', brand: 'Apple', model: 'iPad', osName: 'iOS', osVersion: '16.6' },
    ],
    [
      'Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
      {
        type: 'mobile',
        brand: 'Samsung',
        model: 'SM-S918B',
        browserName: 'Samsung Internet',
        browserVersion: '25.0',
        osName: 'Android',
        osVersion: '13',
      },
    ],
    [
      'Mozilla/5.0 (Android 13; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0',
      { type: 'mobile', osName: 'Android' },
    ],
    [
      'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36',
      { type: 'tv', osName: 'Tizen', osVersion: '6.0' },
    ],
    [
      'Mozilla/5.0 (PlayStation 5 3.03/SmartTV) AppleWebKit/605.1.15 (KHTML, like Gecko)',
      { type: 'console', osName: 'PlayStation', osVersion: '5' },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/30.0.0.9.55 Chrome/118.0.0.0 VR Safari/537.36',
      { type: 'xr', model: 'Quest 3', browserName: 'Oculus Browser' },
    ],
    [
      'Dalvik/2.1.0 (Linux; U; Android 13; SM-S918B Build/TP1A)',
      { type: 'mobile', brand: 'Samsung', model: 'SM-S918B', osName: 'Android' },
    ],
  ])('reads %s', (userAgent, facts) => {
    expect(readDevice(userAgent)).toMatchObject(facts)
  })

  it('leaves out the model of a reduced user agent', () => {
    expect(readDevice(ANDROID_CHROME)).toEqual({
      type: 'mobile',
      browserName: 'Chrome',
      browserVersion: '124.0.0.0',
      osName: 'Android',
      osVersion: '10',
    })
  })

  it('does not take an app whose user agent names no kind of device for a desktop', () => {
    expect(readDevice('Shop/312 CFNetwork/1494.0.7 Darwin/23.4.0')).toEqual({ osName: 'iOS' })
  })

  it.each([
    '',
    'node',
    'undici',
    'curl/8.5.0',
    'curl/7.68.0 (x86_64-pc-linux-gnu) libcurl/7.68.0',
    'Apache-HttpClient/4.5.14 (Java/17)',
    'okhttp/4.12.0',
    'Twitterbot/1.0',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  ])('gives nothing for %j', (userAgent) => {
    expect(readDevice(userAgent)).toBeUndefined()
  })

  it('gives one frozen result for one user agent', () => {
    const facts = readDevice(WINDOWS_CHROME)
    expect(readDevice(WINDOWS_CHROME)).toBe(facts)
    expect(Object.isFrozen(facts)).toBe(true)
  })

  // Pieces that several of the parser's expressions begin or go on with: the ways to make them try again and again.
  const hostile = [
    ...['droid ', 'droid; ', 'droid a; b bui ', '; ', 'naver(1.1', 'honor ', 'redmi ', 'tb b ', 'version/1 '],
    ...['webkit ', 'hbbtv/1.1.1 (', 'adehimnop', 'mozilla/5.0 (', 'lenovo tab', ' ', '(', '\ud800', '\0'],
  ]
  it.each(hostile)('reads %j a thousand times over and gives bounded text', (piece) => {
    for (let copy = 0; copy < 20; copy += 1) {
      const facts = readDevice(`Mozilla/5.0 ${copy} ${piece.repeat(1_000)}`) ?? {}
      for (const text of Object.values(facts)) expect(text.length).toBeLessThanOrEqual(128)
    }
  })
})

describe('createDeviceReader with client hints', () => {
  const readDevice = createDeviceReader()

  it.each<[string, string, ClientHints, object]>([
    [
      'Windows 11',
      WINDOWS_CHROME,
      { platform: 'Windows', platformVersion: '13.0.0' },
      { osName: 'Windows', osVersion: '11' },
    ],
    [
      'Windows 11 of 2024',
      WINDOWS_CHROME,
      { platform: 'Windows', platformVersion: '19.0.0' },
      { osVersion: '11' },
    ],
    ['Windows 10', WINDOWS_CHROME, { platform: 'Windows', platformVersion: '10.0.0' }, { osVersion: '10' }],
    ['Windows 8.1', WINDOWS_CHROME, { platform: 'Windows', platformVersion: '0.3.0' }, { osVersion: '8.1' }],
    ['Windows 7', WINDOWS_CHROME, { platform: 'Windows', platformVersion: '0.1.0' }, { osVersion: '7' }],
    ['a Windows that does not say', WINDOWS_CHROME, { platform: 'Windows' }, { osVersion: '10' }],
    [
      'macOS',
      MAC_CHROME,
      { platform: 'macOS', platformVersion: '14.4.1' },
      { osName: 'macOS', osVersion: '14.4.1' },
    ],
    [
      'macOS without a minor version',
      MAC_CHROME,
      { platform: 'macOS', platformVersion: '15.0.0' },
      { osVersion: '15' },
    ],
    ['Chrome OS', MAC_CHROME, { platform: 'Chromium OS' }, { osName: 'Chrome OS' }],
    [
      'an unknown platform',
      MAC_CHROME,
      { platform: 'Unknown', platformVersion: '1' },
      { osVersion: '10.15.7' },
    ],
    [
      'an Android model',
      ANDROID_CHROME,
      { platform: 'Android', platformVersion: '14.0.0', model: 'Pixel 8', isMobile: true },
      { type: 'mobile', brand: 'Google', model: 'Pixel 8', osName: 'Android', osVersion: '14' },
    ],
    [
      'a tablet, by its model',
      ANDROID_CHROME.replace(' Mobile', ''),
      { platform: 'Android', model: 'SM-X710', isMobile: false },
      { type: 'tablet', brand: 'Samsung', model: 'SM-X710' },
    ],
    ['a model of signs', ANDROID_CHROME, { model: '$&) bui (' }, { type: 'mobile', model: '$&) bui (' }],
    [
      'Edge',
      WINDOWS_CHROME,
      { browserName: 'Edge', browserMajor: '124', browserVersion: '124.0.2478.51' },
      { browserName: 'Edge', browserVersion: '124.0.2478.51' },
    ],
    [
      'Brave, which tells its major version only',
      WINDOWS_CHROME,
      { browserName: 'Brave', browserMajor: '124' },
      { browserName: 'Brave', browserVersion: '124' },
    ],
    [
      'Chrome, whose user agent tells no less',
      WINDOWS_CHROME,
      { browserName: 'Chrome', browserMajor: '124' },
      { browserName: 'Chrome', browserVersion: '124.0.0.0' },
    ],
    [
      'a full version',
      WINDOWS_CHROME,
      { browserName: 'Chrome', browserMajor: '124', browserVersion: '124.0.6367.92' },
      { browserName: 'Chrome', browserVersion: '124.0.6367.92' },
    ],
    [
      "an app's own browser, whose brand is only the WebView",
      'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36 Instagram 329.0.0.41.93 Android',
      { browserName: 'Chrome WebView', browserVersion: '124.0.6367.82' },
      { browserName: 'Instagram', browserVersion: '329.0.0.41.93' },
    ],
    ['a phone that claims a desktop', WINDOWS_CHROME, { isMobile: true }, { type: 'mobile' }],
  ])('reads %s', (_, userAgent, hints, facts) => {
    expect(readDevice(userAgent, hints)).toMatchObject(facts)
  })

  it('drops a version of another system than the hinted one', () => {
    expect(readDevice(MAC_CHROME, { platform: 'Linux' })).not.toHaveProperty('osVersion')
  })

  it('reads hints without a user agent', () => {
    const hints = { browserName: 'Brave', browserMajor: '124', platform: 'Linux', isMobile: false }
    expect(readDevice('', hints)).toEqual({
      type: 'desktop',
      browserName: 'Brave',
      browserVersion: '124',
      osName: 'Linux',
    })
  })

  it('leaves the shared result as it was', () => {
    const before = { ...readDevice(WINDOWS_CHROME) }
    readDevice(WINDOWS_CHROME, { platform: 'Windows', platformVersion: '15.0.0' })
    expect(readDevice(WINDOWS_CHROME)).toEqual(before)
  })
})
