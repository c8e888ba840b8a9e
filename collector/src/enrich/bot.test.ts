import { describe, expect, it } from 'vitest'
import { createBotDetector, isAutomated } from './bot.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36'

describe('createBotDetector', () => {
  const detectBot = createBotDetector()

  it.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot'],
    [
      'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.6367.91 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      'Googlebot',
    ],
    ['Mozilla/5.0 (compatible; Google-InspectionTool/1.0;)', 'Google-InspectionTool'],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36',
      'bingbot',
    ],
    ['Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)', 'Baiduspider'],
    ['Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)', 'YandexBot'],
    ['Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)', 'AhrefsBot'],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot',
      'ChatGPT-User',
    ],
    [
      'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
      'GPTBot',
    ],
    ['Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)', 'Slurp'],
    ['facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)', 'facebookexternalhit'],
    ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'Slackbot-LinkExpanding'],
    ['Twitterbot/1.0', 'Twitterbot'],
    ['WhatsApp/2.23.20.0', 'WhatsApp'],
    [CHROME.replace('Chrome/', 'HeadlessChrome/'), 'HeadlessChrome'],
    [`${CHROME} Chrome-Lighthouse`, 'Chrome-Lighthouse'],
    ['|', 'unknown'],
    [`${'x'.repeat(200)}bot`, 'x'.repeat(64)],
  ])('names %s', (userAgent, name) => {
    expect(detectBot(userAgent)).toBe(name)
    expect(detectBot(userAgent)).toBe(name)
  })

  it.each([
    '',
    CHROME,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0',
    'Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36',
    'Opera/9.80 (Android; Opera Mini/36.2/191.273; U; en) Presto/2.12.423 Version/12.16',
    'node',
    'undici',
    'axios/1.7.2',
    'analytics-node/3',
    '@millrace/node/0.1.0',
    'python-requests/2.31.0',
    'Go-http-client/2.0',
    'okhttp/4.12.0',
    'Shop/312 CFNetwork/1494.0.7 Darwin/23.4.0',
  ])('takes %j for no bot', (userAgent) => {
    expect(detectBot(userAgent)).toBeUndefined()
  })

  it.each([' ', '@', '(', '/1.0;', 'a@', 'bot ', '; a;', '\ud800', '\0'])(
    'reads %j a thousand times over within the limits of a name',
    (piece) => {
      expect(detectBot(piece.repeat(1_000))?.length ?? 0).toBeLessThanOrEqual(64)
      expect(detectBot(`Mozilla/5.0 ${piece.repeat(1_000)}`)?.length ?? 0).toBeLessThanOrEqual(64)
    },
  )
})

describe('isAutomated', () => {
  it.each([
    [{ webdriver: true }, true],
    [{ navigator: { webdriver: true } }, true],
    [{ webdriver: false, navigator: { webdriver: true } }, true],
    [{ webdriver: false }, false],
    [{ webdriver: 'true' }, false],
    [{ navigator: null }, false],
    [{ navigator: 'webdriver' }, false],
    [{ navigator: [{ webdriver: true }] }, false],
    [{}, false],
    [undefined, false],
  ])('reads %j as %s', (context, automated) => {
    expect(isAutomated(context)).toBe(automated)
  })
})
