/** What fields are, where the description leaves it at their name. The keys are names of fields, with the path before where it matters. */

const WORDS: Readonly<Record<string, string>> = {
  metric: 'What is counted, or a figure of the field `of`',
  of: 'Field of the metrics from `sum` to `p99`',
  by: 'Field whose values are told apart',
  '/v1/query/breakdown by': 'One or two fields; in a query once for each',
  field: 'Field whose values are counted',
  interval: 'Length of a bucket. By default what suits the range',
  filters: 'Conditions that must all hold',
  events: 'Names of events; a page view is `page`. Default: all',
  steps: 'Names of events, or objects of `event` and `filters`',
  window: 'Longest time from the first step to the last: a duration, at most `90d`',
  limit: 'Most rows',
  direction: 'Whether it is what follows `at`, or what comes before',
  depth: 'How many steps',
  from: 'A time in ISO 8601, or a duration before the end: `30m`, `24h`, `7d`, `4w`',
  to: 'Exclusive; likewise. Default: now',
  timeZone: 'IANA name; of days, weeks and months, and of times that name no zone. Default `UTC`',
  batch: 'The events, in the order in which they happened',
  batchId: 'Of this batch; the same when it is sent again',
  messageId:
    'Id of the event for life, 1 to 256 characters. Default: `<stream>-<number>`, or made from the content',
  userId: 'Id of a known user',
  anonymousId: 'Id of a visitor',
  groupId: 'Id of the group',
  previousId: 'The id that the person had before',
  timestamp:
    'When it happened by the client’s clock: ISO 8601, or milliseconds since 1970. Default: when it is received',
  originalTimestamp: 'The same under the name that it has once it is stored; wins over `timestamp`',
  event: 'Name of what happened',
  name: 'Name of the page or screen',
  category: 'Category of the page or screen',
  properties: 'What there is to say of it',
  traits: 'What is known of the user or group',
  context: 'Page, device, campaign and the like, as Segment has it',
  integrations: 'Stored with the event, and not acted upon',
  type: 'Kind of the event',
  stream: 'Page load or process that the event is numbered in',
  lastSeq: 'Last number of that stream',
  raw: 'The event as it was sent: `raw` of the quarantine',
  receivedAt: 'When it was received: `received_at` of the quarantine',
  sentAt: 'Client’s clock when it was sent',
  seq: 'Number in the stream',
  route: 'By which route it came',
  request: 'What the edge knew of the request',
  userAgent: 'Of the client',
  clientAnonymousId: 'The client’s own id, where the source gives another',
  'Receipt index': 'Position in `batch`, from 0',
  'Receipt messageId': 'Of the event, where it has one',
  'Receipt status': 'Put aside, left out by the rules of the source, or known already',
  'Receipt reason': 'A word of a closed list',
  'Error message': 'One sentence for a person',
  'Answer columns': 'Of `rows`',
  'Answer rows': 'One list a row, in the order of `columns`',
  'Answer totals': 'Figures of the whole, by name',
  'Answer readFrom': 'Which tables it was read from',
  'Answer series': 'Lines over time, each with a value for each of `buckets`',
  keys: 'Keys of letters, as the list has them',
  '/v1/lookups/{name} rows': 'Keys are values of the column `key`, values the rows',
  '/v1/replay events': 'The refused events',
}

/**
 * Says what a field is.
 *
 * @param path of the route; of what is answered, the name of the shape
 * @param described what the description says, if anything; its mere name counts as nothing
 */
export function explain(path: string, name: string, described: string | undefined): string {
  if (described !== undefined && described !== '' && described !== name) return described
  const isSent = path.startsWith('/') || /(Event|Batch)$/.test(path)
  return WORDS[`${path} ${name}`] ?? (isSent ? WORDS[name] : undefined) ?? ''
}
