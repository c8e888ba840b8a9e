/** What a number did over time: how fast it grew, and fewer points of it that show the same course. Pure. */

/** A number at a time in seconds. */
export type Point = readonly [seconds: number, value: number]

/** Growth a minute of the straight line through the points (least squares); 0 for fewer than two, or one moment only. */
export function fitGrowthPerMinute(points: readonly Point[]): number {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (count < 2 || spread === 0) return 0
  return (points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread) * 60
}

/** Growth a minute from the mean of the first half of the time to that of the second; 0 where a half has no point. */
export function growthOfHalves(points: readonly Point[]): number {
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0]
  const middle = (first + last) / 2
  const halves = [points.filter(([at]) => at < middle), points.filter(([at]) => at >= middle)]
  const [before, after] = halves.map(
    (half) => half.reduce((sum, [, value]) => sum + value, 0) / half.length,
  ) as [number, number]
  if (Number.isNaN(after - before)) return 0
  return ((after - before) / ((last - first) / 2)) * 60
}

/** At most so many values, each the mean of its stretch of the given ones, rounded to a tenth. */
export function decimate(values: readonly number[], maxCount: number): number[] {
  const size = Math.max(1, Math.ceil(values.length / maxCount))
  const stretches = Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  )
  return stretches.map(
    (part) => Math.round((part.reduce((sum, value) => sum + value, 0) / part.length) * 10) / 10,
  )
}
