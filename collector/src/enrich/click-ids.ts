/** The click ids of advertising networks and social sites: parameters that they append to the links people follow. */

/** What a click id tells. */
export interface ClickId {
  /** Name of the parameter as its network spells it. */
  type: string
  /** Whose it is. */
  network: string
  /** False where the network appends it to unpaid links as well, so that it tells of a visit but of no payment. */
  isPaid: boolean
}

/** All that are known; where a link has several, the first here is meant. */
export const CLICK_IDS: readonly ClickId[] = [
  { type: 'gclid', network: 'Google', isPaid: true },
  { type: 'gbraid', network: 'Google', isPaid: true },
  { type: 'wbraid', network: 'Google', isPaid: true },
  { type: 'dclid', network: 'Google', isPaid: true },
  { type: 'msclkid', network: 'Bing', isPaid: true },
  { type: 'ttclid', network: 'TikTok', isPaid: true },
  { type: 'twclid', network: 'X', isPaid: true },
  { type: 'li_fat_id', network: 'LinkedIn', isPaid: true },
  { type: 'yclid', network: 'Yandex', isPaid: true },
  { type: 'epik', network: 'Pinterest', isPaid: true },
  { type: 'ScCid', network: 'Snapchat', isPaid: true },
  { type: 'rdt_cid', network: 'Reddit', isPaid: true },
  { type: 'irclickid', network: 'Impact', isPaid: true },
  { type: 'fbclid', network: 'Facebook', isPaid: false },
  { type: 'igshid', network: 'Instagram', isPaid: false },
]

/** By the name in lower case, because links get rewritten on their way. */
export const CLICK_IDS_BY_NAME: ReadonlyMap<string, ClickId> = new Map(
  CLICK_IDS.map((clickId) => [clickId.type.toLowerCase(), clickId]),
)
