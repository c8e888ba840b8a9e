/** Makes the golden files of what a release promises to those outside. */

import { describeEnvelope, describeHttp, describeWants } from './release-contract.ts'
import { writeJson, writeText } from './release-files.ts'
import { describeSurface } from './release-surface.ts'

/** Makes them. */
export async function makeContractFiles(): Promise<void> {
  writeJson('contract/envelope.schema.json', describeEnvelope())
  writeText('contract/http.txt.gz', `${describeHttp().join('\n')}\n`)
  writeText('contract/http-wants.txt', `${describeWants().join('\n')}\n`)
  writeJson('contract/surface.json', describeSurface())
}
