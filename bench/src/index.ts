/** `npm run bench`: all measurements, or those named: `npm run bench -- sizes main-path`. */

import { build } from '../../scripts/build.ts'
import { measureMainPath } from './main-path.ts'
import { type Measurement, printTable, writeResult } from './measure.ts'
import { measureSizes } from './sizes.ts'

const MEASUREMENTS: Record<string, { title: string; measure: Measurement }> = {
  sizes: { title: 'Browser SDK, bytes a page loads', measure: measureSizes },
  'main-path': {
    title: 'Main path: collector, queue, consumer, ClickHouse on one machine',
    measure: measureMainPath,
  },
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in MEASUREMENTS))
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}`)
  process.exit(2)
}

await build()
for (const [name, { title, measure }] of Object.entries(MEASUREMENTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const results = await measure((line) => console.error(`bench: ${name}: ${line}`))
  printTable(title, results)
  writeResult(name, results)
}
