/** A line through points. Pure. */

/** `y = at0 + slope * x`. */
export interface Line {
  at0: number
  slope: number
}

/**
 * The line with the least squares.
 *
 * @throws {RangeError} when the points have not at least two different places
 */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (place: 0 | 1) => points.reduce((sum, point) => sum + point[place], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (!(spread > 0)) throw new RangeError('a line needs points at two places at least')
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  return { at0: meanY - slope * meanX, slope }
}
