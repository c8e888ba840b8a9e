/** Sites that people come from, by host: a name for the report and the class of what they do there. */

import type { ReferrerClass } from '@millrace/schemas'

/** What is known of a host. `referral` stands here for a site that has a name but none of the other classes. */
export interface KnownReferrer {
  class: Extract<ReferrerClass, 'search' | 'social' | 'email' | 'paid' | 'referral'>
  name: string
}

/** Endings of the host names under which Google's search runs. Source: www.google.com/supported_domains. */
const GOOGLE_ENDINGS = `
  com ad ae com.af com.ag al am co.ao com.ar as at com.au az ba com.bd be bf bg com.bh bi bj com.bn com.bo com.br bs bt
  co.bw by com.bz ca cat cd cf cg ch ci co.ck cl cm cn com.co co.cr com.cu cv com.cy cz de dj dk dm com.do dz com.ec ee
  com.eg es com.et fi com.fj fm fr ga ge gg com.gh com.gi gl gm gr com.gt gy com.hk hn hr ht hu co.id ie co.il im co.in
  iq is it je com.jm jo co.jp co.ke com.kh ki kg co.kr com.kw kz la com.lb li lk co.ls lt lu lv com.ly co.ma md me mg mk
  ml com.mm mn com.mt mu mv mw com.mx com.my co.mz com.na com.ng com.ni ne nl no com.np nr nu co.nz com.om com.pa com.pe
  com.pg com.ph com.pk pl pn com.pr ps pt com.py com.qa ro ru rw com.sa com.sb sc se com.sg sh si sk com.sl sm sn so sr
  st com.sv td tg co.th com.tj tl tm tn to com.tr tt com.tw co.tz com.ua co.ug co.uk com.uy co.uz com.vc co.ve vg co.vi
  com.vn vu rs ws co.za co.zm co.zw`

const YANDEX_ENDINGS = 'ru com by kz uz com.tr com.ge com.am az co.il ee lt lv md tj tm fr'

const PINTEREST_ENDINGS = `
  com at ca ch cl co.kr co.uk com.au com.mx de dk es fr ie info it jp nz ph pt se`

/** Class, name, hosts. A host stands for its subdomains too, unless they have an entry of their own. */
const HOSTS: readonly (readonly [KnownReferrer['class'], string, string])[] = [
  ['search', 'Google', endings('google', GOOGLE_ENDINGS)],
  ['search', 'Google News', 'news.google.com'],
  ['search', 'Google Scholar', 'scholar.google.com'],
  // What people do at Google that is no search.
  ['referral', 'Google Accounts', 'accounts.google.com'],
  ['referral', 'Google Ads', 'ads.google.com'],
  ['referral', 'Google Analytics', 'analytics.google.com tagmanager.google.com tagassistant.google.com'],
  ['referral', 'Google Calendar', 'calendar.google.com'],
  ['referral', 'Google Chat', 'chat.google.com meet.google.com'],
  ['referral', 'Google Classroom', 'classroom.google.com'],
  ['referral', 'Google Docs', 'docs.google.com drive.google.com keep.google.com'],
  ['referral', 'Google Play', 'play.google.com'],
  ['referral', 'Google Sites', 'sites.google.com'],
  ['referral', 'Google Translate', 'translate.google.com translate.goog'],
  ['referral', 'Google Cloud', 'cloud.google.com developers.google.com support.google.com'],
  ['social', 'Google Groups', 'groups.google.com'],
  ['search', 'Bing', 'bing.com'],
  ['search', 'MSN', 'msn.com'],
  ['search', 'Yahoo', 'yahoo.com yahoo.co.jp search.yahoo.net'],
  ['search', 'Yandex', `ya.ru ${endings('yandex', YANDEX_ENDINGS)}`],
  ['search', 'Baidu', 'baidu.com'],
  ['search', 'DuckDuckGo', 'duckduckgo.com duck.com'],
  ['search', 'Ecosia', 'ecosia.org'],
  ['search', 'Qwant', 'qwant.com qwantjunior.com'],
  ['search', 'Naver', 'naver.com'],
  ['search', 'Seznam', 'seznam.cz'],
  ['search', 'Startpage', 'startpage.com ixquick.com'],
  ['search', 'Brave Search', 'search.brave.com'],
  ['search', 'Kagi', 'kagi.com'],
  ['search', 'Mojeek', 'mojeek.com'],
  ['search', 'Swisscows', 'swisscows.com swisscows.ch'],
  ['search', 'MetaGer', 'metager.org metager.de'],
  ['search', 'Sogou', 'sogou.com'],
  ['search', '360 Search', 'so.com haosou.com'],
  ['search', 'Shenma', 'sm.cn'],
  ['search', 'Daum', 'daum.net'],
  ['search', 'AOL', 'aol.com'],
  ['search', 'Ask', 'ask.com'],
  ['search', 'Dogpile', 'dogpile.com'],
  ['search', 'Info.com', 'info.com'],
  ['search', 'Lycos', 'lycos.com'],
  ['search', 'Excite', 'excite.com'],
  ['search', 'WebCrawler', 'webcrawler.com'],
  ['search', 'Coc Coc', 'coccoc.com'],
  ['search', 'Rambler', 'rambler.ru'],
  ['search', 'Mail.ru Search', 'go.mail.ru'],
  ['search', 'Presearch', 'presearch.com presearch.org'],
  ['search', 'Marginalia', 'marginalia-search.com search.marginalia.nu'],
  ['search', 'Gibiru', 'gibiru.com'],
  ['search', 'Yep', 'yep.com'],
  ['search', 'Lilo', 'lilo.org'],
  ['search', 'OceanHero', 'oceanhero.today'],
  ['search', 'Karma Search', 'karmasearch.org'],
  ['search', 'T-Online Suche', 'suche.t-online.de'],
  ['search', 'WEB.DE Suche', 'suche.web.de'],
  ['search', 'GMX Suche', 'suche.gmx.net'],
  ['search', 'Onet', 'szukaj.onet.pl'],
  ['search', 'Virgilio', 'ricerca.virgilio.it'],
  ['search', 'Petal Search', 'petalsearch.com'],
  ['search', 'Search.com', 'search.com'],

  ['social', 'Facebook', 'facebook.com fb.com fb.me'],
  ['social', 'Messenger', 'messenger.com m.me'],
  ['social', 'Instagram', 'instagram.com ig.me'],
  ['social', 'Threads', 'threads.net threads.com'],
  ['social', 'X', 'x.com twitter.com t.co'],
  ['social', 'LinkedIn', 'linkedin.com lnkd.in'],
  ['social', 'Reddit', 'reddit.com redd.it'],
  ['social', 'YouTube', 'youtube.com youtu.be youtube-nocookie.com'],
  ['social', 'Pinterest', `pin.it ${endings('pinterest', PINTEREST_ENDINGS)}`],
  ['social', 'TikTok', 'tiktok.com'],
  ['social', 'Snapchat', 'snapchat.com'],
  ['social', 'WhatsApp', 'whatsapp.com wa.me'],
  ['social', 'Telegram', 'telegram.org telegram.me t.me'],
  ['social', 'Discord', 'discord.com discord.gg discordapp.com'],
  ['social', 'VK', 'vk.com vk.ru'],
  ['social', 'Odnoklassniki', 'ok.ru odnoklassniki.ru'],
  ['social', 'Weibo', 'weibo.com weibo.cn t.cn'],
  ['social', 'WeChat', 'weixin.qq.com wechat.com weixin110.qq.com'],
  ['social', 'Qzone', 'qzone.qq.com'],
  ['social', 'Xiaohongshu', 'xiaohongshu.com xhslink.com'],
  ['social', 'Douyin', 'douyin.com'],
  ['social', 'Bilibili', 'bilibili.com b23.tv'],
  ['social', 'Zhihu', 'zhihu.com'],
  ['social', 'Douban', 'douban.com'],
  ['social', 'Baidu Tieba', 'tieba.baidu.com'],
  ['social', 'Naver Blog', 'blog.naver.com m.blog.naver.com'],
  ['social', 'Naver Cafe', 'cafe.naver.com m.cafe.naver.com'],
  ['social', 'KakaoStory', 'story.kakao.com'],
  ['social', 'LINE', 'line.me'],
  ['social', 'BAND', 'band.us'],
  ['social', 'mixi', 'mixi.jp'],
  ['social', 'Hatena', 'hatena.ne.jp hatenablog.com'],
  ['social', 'Ameba', 'ameblo.jp'],
  ['social', 'note', 'note.com'],
  ['social', 'Plurk', 'plurk.com'],
  ['social', 'Tumblr', 'tumblr.com'],
  ['social', 'Quora', 'quora.com'],
  ['social', 'Medium', 'medium.com'],
  ['social', 'Substack', 'substack.com'],
  ['social', 'Hacker News', 'news.ycombinator.com'],
  ['social', 'Lobsters', 'lobste.rs'],
  ['social', 'DEV', 'dev.to'],
  ['social', 'Product Hunt', 'producthunt.com'],
  ['social', 'Slashdot', 'slashdot.org'],
  ['social', 'Flipboard', 'flipboard.com'],
  ['social', 'Nextdoor', 'nextdoor.com'],
  ['social', 'XING', 'xing.com'],
  ['social', 'Viadeo', 'viadeo.com'],
  ['social', 'Meetup', 'meetup.com'],
  ['social', 'Vimeo', 'vimeo.com'],
  ['social', 'Dailymotion', 'dailymotion.com'],
  ['social', 'Twitch', 'twitch.tv'],
  ['social', 'LiveJournal', 'livejournal.com'],
  ['social', 'Imgur', 'imgur.com'],
  ['social', '9GAG', '9gag.com'],
  ['social', 'Disqus', 'disqus.com'],
  ['social', 'Flickr', 'flickr.com flic.kr'],
  ['social', 'DeviantArt', 'deviantart.com'],
  ['social', 'Goodreads', 'goodreads.com'],
  ['social', 'SoundCloud', 'soundcloud.com'],
  ['social', 'Truth Social', 'truthsocial.com'],
  ['social', 'Gab', 'gab.com'],
  ['social', 'Linktree', 'linktr.ee'],
  ['social', 'Bluesky', 'bsky.app bsky.social'],
  ['social', 'Lemmy', 'lemmy.world lemmy.ml'],
  [
    'social',
    'Mastodon',
    `mastodon.social mastodon.online mastodon.world mastodon.cloud mastodon.art mastodon.green mastodonapp.uk
     mstdn.social mstdn.jp mstdn.ca mas.to fosstodon.org hachyderm.io infosec.exchange techhub.social chaos.social
     universeodon.com c.im aus.social social.vivaldi.net pawoo.net piaille.fr ruby.social phpc.social mathstodon.xyz
     troet.cafe norden.social indieweb.social toot.community ioc.exchange floss.social scholar.social`,
  ],

  ['email', 'Gmail', 'mail.google.com'],
  [
    'email',
    'Outlook',
    `outlook.com outlook.live.com outlook.office.com outlook.office365.com outlook.cloud.microsoft mail.live.com
     hotmail.com safelinks.protection.outlook.com`,
  ],
  ['email', 'Yahoo Mail', 'mail.yahoo.com mail.yahoo.co.jp mail.yahoo.net'],
  ['email', 'AOL Mail', 'mail.aol.com'],
  ['email', 'Proton Mail', 'mail.proton.me mail.protonmail.com'],
  ['email', 'Tuta', 'app.tuta.com mail.tutanota.com'],
  ['email', 'Fastmail', 'fastmail.com'],
  ['email', 'Zoho Mail', 'mail.zoho.com mail.zoho.eu mail.zoho.in'],
  ['email', 'iCloud Mail', 'icloud.com'],
  ['email', 'HEY', 'app.hey.com'],
  ['email', 'Superhuman', 'mail.superhuman.com'],
  ['email', 'Mail.ru', 'mail.ru'],
  ['email', 'Yandex Mail', endings('mail.yandex', YANDEX_ENDINGS)],
  ['email', 'QQ Mail', 'mail.qq.com'],
  ['email', 'NetEase Mail', 'mail.163.com mail.126.com mail.yeah.net'],
  ['email', 'Naver Mail', 'mail.naver.com'],
  ['email', 'Daum Mail', 'mail.daum.net'],
  ['email', 'Kakao Mail', 'mail.kakao.com'],
  ['email', 'Seznam Email', 'email.seznam.cz'],
  ['email', 'GMX', 'gmx.net gmx.com gmx.de gmx.at gmx.ch deref-gmx.net deref-gmx.com'],
  ['email', 'WEB.DE', 'web.de deref-web.de'],
  ['email', 'mail.com', 'mail.com deref-mail.com'],
  ['email', 'T-Online', 'email.t-online.de'],
  ['email', 'freenet', 'webmail.freenet.de'],
  ['email', 'Posteo', 'posteo.de'],
  ['email', 'mailbox.org', 'mailbox.org'],
  ['email', 'Orange', 'messagerie.orange.fr mail01.orange.fr mail02.orange.fr'],
  ['email', 'Free', 'webmail.free.fr zimbra.free.fr'],
  ['email', 'SFR', 'webmail.sfr.fr messagerie.sfr.fr'],
  ['email', 'La Poste', 'laposte.net'],
  ['email', 'Libero', 'mail.libero.it mail1.libero.it'],
  ['email', 'Onet Poczta', 'poczta.onet.pl'],
  ['email', 'WP Poczta', 'poczta.wp.pl'],
  ['email', 'Rediffmail', 'mail.rediff.com'],
  ['email', 'Xfinity', 'connect.xfinity.com'],
  ['email', 'Mailchimp', 'list-manage.com campaign-archive.com'],

  ['paid', 'Google Ads', 'googleadservices.com googlesyndication.com doubleclick.net syndicatedsearch.goog'],
  ['paid', 'Outbrain', 'outbrain.com'],
  ['paid', 'Taboola', 'taboola.com'],
  ['paid', 'Criteo', 'criteo.com criteo.net'],
  ['paid', 'AdRoll', 'adroll.com'],
  ['paid', 'The Trade Desk', 'adsrvr.org'],
  ['paid', 'Xandr', 'adnxs.com'],
  ['paid', 'Amazon Ads', 'amazon-adsystem.com'],

  ['referral', 'ChatGPT', 'chatgpt.com chat.openai.com'],
  ['referral', 'Perplexity', 'perplexity.ai'],
  ['referral', 'Gemini', 'gemini.google.com bard.google.com'],
  ['referral', 'NotebookLM', 'notebooklm.google.com notebooklm.google'],
  ['referral', 'Copilot', 'copilot.microsoft.com m365.cloud.microsoft'],
  ['referral', 'Claude', 'claude.ai'],
  ['referral', 'Mistral', 'chat.mistral.ai'],
  ['referral', 'Grok', 'grok.com'],
  ['referral', 'DeepSeek', 'chat.deepseek.com'],
  ['referral', 'Meta AI', 'meta.ai'],
  ['referral', 'You.com', 'you.com'],
  ['referral', 'Poe', 'poe.com'],
  ['referral', 'Phind', 'phind.com'],
  ['referral', 'Kimi', 'kimi.com kimi.moonshot.cn'],
  ['referral', 'Doubao', 'doubao.com'],
  ['referral', 'GitHub', 'github.com'],
  ['referral', 'Stack Overflow', 'stackoverflow.com'],
  ['referral', 'Wikipedia', 'wikipedia.org'],
  ['referral', 'Slack', 'slack.com slack-redir.net'],
  ['referral', 'Microsoft Teams', 'teams.microsoft.com teams.live.com teams.cdn.office.net'],
  ['referral', 'Notion', 'notion.so notion.site'],
]

/** Class, name, packages of Android apps, as they stand in `android-app://<package>/`. In lower case. */
const APPS: readonly (readonly [KnownReferrer['class'], string, string])[] = [
  ['search', 'Google', 'com.google.android.googlequicksearchbox com.google.android.apps.searchlite'],
  ['search', 'Google News', 'com.google.android.apps.magazines'],
  ['search', 'Bing', 'com.microsoft.bing'],
  ['search', 'DuckDuckGo', 'com.duckduckgo.mobile.android'],
  ['search', 'Ecosia', 'com.ecosia.android'],
  ['search', 'Qwant', 'com.qwant.liberty'],
  ['search', 'Yandex', 'ru.yandex.searchplugin com.yandex.searchapp'],
  ['search', 'Naver', 'com.nhn.android.search'],
  ['search', 'Baidu', 'com.baidu.searchbox'],
  ['social', 'Facebook', 'com.facebook.katana com.facebook.lite'],
  ['social', 'Messenger', 'com.facebook.orca com.facebook.mlite'],
  ['social', 'Instagram', 'com.instagram.android com.instagram.lite'],
  ['social', 'Threads', 'com.instagram.barcelona'],
  ['social', 'X', 'com.twitter.android com.twitter.android.lite'],
  ['social', 'LinkedIn', 'com.linkedin.android'],
  ['social', 'Reddit', 'com.reddit.frontpage com.laurencedawson.reddit_sync com.andrewshu.android.reddit'],
  ['social', 'YouTube', 'com.google.android.youtube com.google.android.apps.youtube.music'],
  ['social', 'Pinterest', 'com.pinterest'],
  ['social', 'TikTok', 'com.zhiliaoapp.musically com.ss.android.ugc.trill'],
  ['social', 'Snapchat', 'com.snapchat.android'],
  ['social', 'WhatsApp', 'com.whatsapp com.whatsapp.w4b'],
  ['social', 'Telegram', 'org.telegram.messenger org.telegram.messenger.web org.thunderdog.challegram'],
  ['social', 'Discord', 'com.discord'],
  ['social', 'VK', 'com.vkontakte.android'],
  ['social', 'Weibo', 'com.sina.weibo'],
  ['social', 'WeChat', 'com.tencent.mm'],
  ['social', 'LINE', 'jp.naver.line.android'],
  ['social', 'Tumblr', 'com.tumblr'],
  ['social', 'Quora', 'com.quora.android'],
  ['social', 'Medium', 'com.medium.reader'],
  ['social', 'Flipboard', 'flipboard.app'],
  ['social', 'Mastodon', 'org.joinmastodon.android'],
  ['social', 'Bluesky', 'xyz.blueskyweb.app'],
  ['email', 'Gmail', 'com.google.android.gm com.google.android.gm.lite'],
  ['email', 'Outlook', 'com.microsoft.office.outlook'],
  ['email', 'Yahoo Mail', 'com.yahoo.mobile.client.android.mail'],
  ['email', 'Proton Mail', 'ch.protonmail.android'],
  ['email', 'K-9 Mail', 'com.fsck.k9'],
  ['email', 'Thunderbird', 'net.thunderbird.android'],
  ['email', 'Samsung Email', 'com.samsung.android.email.provider'],
  ['email', 'GMX', 'de.gmx.mobile.android.mail'],
  ['email', 'WEB.DE', 'de.web.mobile.android.mail'],
  ['referral', 'ChatGPT', 'com.openai.chatgpt'],
  ['referral', 'Perplexity', 'ai.perplexity.app.android'],
  ['referral', 'Gemini', 'com.google.android.apps.bard'],
  ['referral', 'Copilot', 'com.microsoft.copilot'],
  ['referral', 'Claude', 'com.anthropic.claude'],
  ['referral', 'Slack', 'com.slack'],
  ['referral', 'Microsoft Teams', 'com.microsoft.teams'],
]

/** By host in lower case. Look a host up, then what is left of it after each dot. */
export const REFERRER_HOSTS: ReadonlyMap<string, KnownReferrer> = index(HOSTS)

/** By the package of an Android app, in lower case and whole. */
export const REFERRER_APPS: ReadonlyMap<string, KnownReferrer> = index(APPS)

/** What `utm_source` means, in lower case: the names above, and short ones that people write instead. */
export const REFERRER_SOURCES: ReadonlyMap<string, string> = new Map([
  ...[...REFERRER_HOSTS.values(), ...REFERRER_APPS.values()].map(({ name }): [string, string] => [
    name.toLowerCase(),
    name,
  ]),
  ['adwords', 'Google Ads'],
  ['fb', 'Facebook'],
  ['ig', 'Instagram'],
  ['insta', 'Instagram'],
  ['twitter', 'X'],
  ['yt', 'YouTube'],
  ['li', 'LinkedIn'],
  ['openai', 'ChatGPT'],
  ['hackernews', 'Hacker News'],
  ['hn', 'Hacker News'],
  ['producthunt', 'Product Hunt'],
  ['ph', 'Product Hunt'],
])

function endings(name: string, list: string): string {
  return words(list)
    .map((ending) => `${name}.${ending}`)
    .join(' ')
}

function index(
  rows: readonly (readonly [KnownReferrer['class'], string, string])[],
): Map<string, KnownReferrer> {
  return new Map(
    rows.flatMap(([className, name, keys]) => {
      const known: KnownReferrer = { class: className, name }
      return words(keys).map((key): [string, KnownReferrer] => [key, known])
    }),
  )
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
