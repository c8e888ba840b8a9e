import type { CampaignFacts } from '@millrace/schemas'
import { describe, expect, it } from 'vitest'
import { createReferrerReader } from './referrer.ts'
import { REFERRER_APPS, REFERRER_HOSTS } from './referrer-hosts.ts'

const PAGE = 'https://www.shop.example/sale'

const readReferrer = createReferrerReader(['pay.example', 'WWW.Blog.Example'])

const read = (referrer: string, campaign?: CampaignFacts, pageUrl = PAGE) =>
  readReferrer({ referrer, pageUrl, ...(campaign === undefined ? {} : { campaign }) })

describe('createReferrerReader, by the referring host', () => {
  it.each([
    ['https://www.google.com/', 'search', 'Google'],
    ['https://google.de', 'search', 'Google'],
    ['https://www.google.co.uk/search?q=a', 'search', 'Google'],
    ['https://images.google.com.br/imgres', 'search', 'Google'],
    ['https://www.bing.com/', 'search', 'Bing'],
    ['https://cn.bing.com/', 'search', 'Bing'],
    ['https://yandex.ru/', 'search', 'Yandex'],
    ['https://ya.ru/', 'search', 'Yandex'],
    ['https://www.baidu.com/link?url=x', 'search', 'Baidu'],
    ['https://duckduckgo.com/', 'search', 'DuckDuckGo'],
    ['https://www.ecosia.org/', 'search', 'Ecosia'],
    ['https://www.qwant.com/', 'search', 'Qwant'],
    ['https://m.search.naver.com/', 'search', 'Naver'],
    ['https://search.seznam.cz/', 'search', 'Seznam'],
    ['https://de.search.yahoo.com/', 'search', 'Yahoo'],
    ['https://www.startpage.com/', 'search', 'Startpage'],
    ['https://search.brave.com/', 'search', 'Brave Search'],
    ['https://kagi.com/', 'search', 'Kagi'],
    ['https://t.co/abc', 'social', 'X'],
    ['https://x.com/', 'social', 'X'],
    ['https://lnkd.in/abc', 'social', 'LinkedIn'],
    ['https://www.linkedin.com/', 'social', 'LinkedIn'],
    ['http://l.facebook.com/l.php?u=x', 'social', 'Facebook'],
    ['http://m.facebook.com/', 'social', 'Facebook'],
    ['https://l.instagram.com/', 'social', 'Instagram'],
    ['https://out.reddit.com/t3_x', 'social', 'Reddit'],
    ['https://www.youtube.com/', 'social', 'YouTube'],
    ['https://www.pinterest.co.uk/', 'social', 'Pinterest'],
    ['https://mastodon.social/@a/1', 'social', 'Mastodon'],
    ['https://fosstodon.org/', 'social', 'Mastodon'],
    ['https://bsky.app/', 'social', 'Bluesky'],
    ['https://news.ycombinator.com/item?id=1', 'social', 'Hacker News'],
    ['https://mail.google.com/mail/u/0/', 'email', 'Gmail'],
    ['https://outlook.live.com/', 'email', 'Outlook'],
    ['https://mail.yahoo.com/', 'email', 'Yahoo Mail'],
    ['https://e.mail.ru/', 'email', 'Mail.ru'],
    ['https://go.mail.ru/search', 'search', 'Mail.ru Search'],
    ['https://mail.yandex.ru/', 'email', 'Yandex Mail'],
    ['https://email.seznam.cz/', 'email', 'Seznam Email'],
    ['https://googleads.g.doubleclick.net/', 'paid', 'Google Ads'],
    ['https://paid.outbrain.com/', 'paid', 'Outbrain'],
    ['https://chatgpt.com/', 'referral', 'ChatGPT'],
    ['https://www.perplexity.ai/', 'referral', 'Perplexity'],
    ['https://gemini.google.com/', 'referral', 'Gemini'],
    ['https://copilot.microsoft.com/', 'referral', 'Copilot'],
    ['https://claude.ai/', 'referral', 'Claude'],
    ['https://docs.google.com/document', 'referral', 'Google Docs'],
    ['https://news.example/article', 'referral', 'news.example'],
    ['https://www.news.example/article', 'referral', 'news.example'],
    ['https://user:pass@News.Example.:8443?x', 'referral', 'news.example'],
    ['https://[2001:db8::1]:8080/', 'referral', '[2001:db8::1]'],
    // Hosts that only look like ones in the table.
    ['https://notgoogle.com/', 'referral', 'notgoogle.com'],
    ['https://google.com.evil.example/', 'referral', 'google.com.evil.example'],
    ['https://evil.example/?https://google.com/', 'referral', 'evil.example'],
    ['https://evil.example\\@google.com/', 'referral', 'evil.example'],
    ['https://google.com@evil.example/', 'referral', 'evil.example'],
    ['android-app://com.google.android.googlequicksearchbox/', 'search', 'Google'],
    ['android-app://com.google.android.gm', 'email', 'Gmail'],
    ['android-app://com.linkedin.android/', 'social', 'LinkedIn'],
    ['android-app://com.Slack/', 'referral', 'Slack'],
    ['android-app://org.example.reader/https/x', 'referral', 'org.example.reader'],
  ])('classes %s as %s, %s', (referrer, className, name) => {
    expect(read(referrer)).toEqual({ class: className, name })
  })

  it.each([
    'https://www.shop.example/',
    'https://shop.example/cart',
    'http://SHOP.example:3000/',
    'https://pay.example/checkout',
    'https://eu.pay.example/',
    'https://blog.example/',
  ])('takes %s for this site', (referrer) => {
    expect(read(referrer)).toEqual({ class: 'internal' })
  })

  it.each(['https://help.shop.example/', 'https://notpay.example/', 'https://example/'])(
    'takes %s for another site',
    (referrer) => {
      expect(read(referrer)).toMatchObject({ class: 'referral' })
    },
  )

  it('takes a known site for this one when the page is there', () => {
    expect(read('https://www.reddit.com/', undefined, 'https://reddit.com/r/a')).toEqual({
      class: 'internal',
    })
  })

  it('calls a page without a referrer direct', () => {
    expect(read('')).toEqual({ class: 'direct' })
    expect(read('', { source: 'poster', medium: 'qr' })).toEqual({ class: 'direct' })
  })

  it('knows nothing about an event without page, referrer and campaign', () => {
    expect(read('', undefined, '')).toBeUndefined()
  })

  it.each([
    ...[
      'about:blank',
      'file:///home/a.html',
      'null',
      '$direct',
      'https://',
      'https:///',
      '//',
      ' ',
      '\ud800',
    ],
    ...['https://exa mple/', 'https://a:b:c/', 'javascript:alert(1)', 'android-app://', 'android-app:///x'],
    ...[`https://${'a.'.repeat(200)}com/`, `https://${'@'.repeat(30_000)}`, 'ftp://host/'],
  ])('knows nothing from the referrer %j', (referrer) => {
    expect(read(referrer)).toBeUndefined()
  })

  it('still reads the campaign beside a referrer that is no address', () => {
    expect(read('about:blank', { medium: 'email' })).toEqual({ class: 'email' })
    expect(read('about:blank', { medium: 'social', source: 'fb' })).toEqual({
      class: 'social',
      name: 'Facebook',
    })
  })
})

describe('createReferrerReader, by the campaign', () => {
  it.each([
    ...['cpc', 'ppc', 'CPC', ' cpm ', 'paid', 'paidsearch', 'paid-social', 'paid_social', 'social-paid'],
    ...['display', 'banner', 'retargeting', 'remarketing'],
  ])('classes medium %j as paid', (medium) => {
    expect(read('https://www.google.com/', { medium })).toEqual({ class: 'paid', name: 'Google' })
  })

  it.each(['email', 'E-Mail', 'newsletter', 'e_mail'])('classes medium %j as email', (medium) => {
    expect(read('', { medium })).toEqual({ class: 'email' })
  })

  it.each(['unpaid', 'prepaid', 'qr', 'push', ''])('makes nothing of medium %j', (medium) => {
    expect(read('', { medium })).toEqual({ class: 'direct' })
  })

  it.each([
    ['gclid', 'Google'],
    ['msclkid', 'Bing'],
    ['ttclid', 'TikTok'],
    ['twclid', 'X'],
    ['li_fat_id', 'LinkedIn'],
    ['yclid', 'Yandex'],
    ['ScCid', 'Snapchat'],
  ])('takes the click id %s for paid by %s', (clickIdType, name) => {
    expect(read('', { clickIdType, clickId: 'x' })).toEqual({ class: 'paid', name })
  })

  it.each<[string, string, CampaignFacts, object]>([
    ['paid before email', '', { medium: 'email', clickIdType: 'gclid' }, { class: 'paid', name: 'Google' }],
    ['paid before internal', PAGE, { medium: 'cpc', source: 'google' }, { class: 'paid', name: 'Google' }],
    ['email before internal', PAGE, { medium: 'email' }, { class: 'email' }],
    ['internal before social', PAGE, { medium: 'social', source: 'x' }, { class: 'internal' }],
    [
      'the host before medium social',
      'https://www.google.com/',
      { medium: 'social' },
      { class: 'search', name: 'Google' },
    ],
    [
      'medium social before an unknown host',
      'https://a.example/',
      { medium: 'social' },
      { class: 'social', name: 'a.example' },
    ],
    [
      'medium social before direct',
      '',
      { medium: 'social', source: 'ig' },
      { class: 'social', name: 'Instagram' },
    ],
    [
      'medium organic before direct',
      '',
      { medium: 'organic', source: 'bing' },
      { class: 'search', name: 'Bing' },
    ],
    [
      'medium referral before direct',
      '',
      { medium: 'referral', source: 'acme' },
      { class: 'referral', name: 'acme' },
    ],
    [
      'Facebook links, paid or not, as social',
      '',
      { clickIdType: 'fbclid' },
      { class: 'social', name: 'Facebook' },
    ],
    [
      'paid Facebook links',
      '',
      { clickIdType: 'fbclid', medium: 'paid' },
      { class: 'paid', name: 'Facebook' },
    ],
    [
      'the name of the site before that of the source',
      'https://www.youtube.com/',
      { medium: 'cpc', source: 'google' },
      { class: 'paid', name: 'YouTube' },
    ],
    [
      'the name of the click before the host',
      'https://a.example/',
      { clickIdType: 'gclid' },
      { class: 'paid', name: 'Google' },
    ],
    [
      'the name of a source that is a host',
      '',
      { medium: 'cpc', source: 'm.facebook.com' },
      { class: 'paid', name: 'Facebook' },
    ],
    [
      'a source as it is',
      '',
      { medium: 'email', source: 'Spring Mail' },
      { class: 'email', name: 'Spring Mail' },
    ],
  ])('classes %s', (_, referrer, campaign, facts) => {
    expect(read(referrer, campaign)).toEqual(facts)
  })

  it('is harmless on a hostile source', () => {
    const source = 'a.'.repeat(256)
    expect(read('', { medium: 'cpc', source })).toEqual({ class: 'paid', name: source.slice(0, 128) })
  })
})

describe('the tables', () => {
  it('hold more than 120 hosts beside those of Google, and apps', () => {
    const others = [...REFERRER_HOSTS.values()].filter(({ name }) => name !== 'Google')
    expect(others.length).toBeGreaterThan(120)
    expect(REFERRER_APPS.size).toBeGreaterThan(30)
  })

  it('have keys that a lookup can find', () => {
    for (const host of REFERRER_HOSTS.keys()) expect(host).toMatch(/^(?!www\.)[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    for (const app of REFERRER_APPS.keys()) expect(app).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/)
  })

  it('name a host once', () => {
    const counts = new Map<string, Set<string>>()
    for (const { name, class: className } of REFERRER_HOSTS.values()) {
      counts.set(name, (counts.get(name) ?? new Set()).add(className))
    }
    const twofold = [...counts].filter(([, classes]) => classes.size > 1).map(([name]) => name)
    // The advertising network and its users' own site.
    expect(twofold).toEqual(['Google Ads'])
  })
})
