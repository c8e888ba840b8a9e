/** What the statements of the ledger share: which receipts are of the minutes that are asked for, and how books are written. */

/** How long a book is written in, in hours: 6, see `BOOK_MS` of the collector, and one to spare. */
export const BOOK_HOURS = 7

/** What is replayed keeps its time of receipt, so a copy is one of those when it was taken so much later. */
export const REPLAY_SECONDS = 10

// To the millisecond: compared with a DateTime, what is of the last second would be left out.
export const FROM = "toDateTime64({from:UInt32}, 3, 'UTC')"
export const TO = "toDateTime64({to:UInt32}, 3, 'UTC')"

/** Whether a receipt is of the minutes that are computed; number 0 has no place in the books. */
export const IS_WANTED = `number > 0 AND taken_at >= ${FROM} AND taken_at < ${TO}
  AND (source, toUnixTimestamp(toStartOfMinute(taken_at))) IN {places:Array(Tuple(String, UInt32))}`
