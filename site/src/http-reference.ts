/** The reference of the HTTP API as Markdown, from the collector's OpenAPI description. */

import { groupRoutes } from './http/groups.ts'
import { writeKeys } from './http/keys.ts'
import type { Api } from './http/openapi.ts'
import { writeRoute } from './http/route-markdown.ts'
import { linkShapes, writeShapes } from './http/shapes.ts'
import { STATUSES } from './http/statuses.ts'
import { HEADER } from './reference/api-markdown.ts'

/** Where it stands. */
export const HTTP_REFERENCE = 'docs/reference/http.md'

const INTRO = `The collector serves a description of all routes at \`/openapi.json\` (OpenAPI 3.1), made from the schemas that it judges by. This
page is made from the same. Addresses below are relative to your collector, \`https://events.example.com\`.

`

/** Writes the page. Throws for a status, route or shape that it does not know. */
export function writeHttpReference(api: Api): string {
  const shapes = linkShapes()
  const groups = groupRoutes(api).map(([{ title, intro }, routes]) => {
    const list = routes.map((route) => writeRoute(api, route, shapes)).join('')
    return `## ${title}\n\n${intro}\n\n${list}`
  })
  const parts = [
    INTRO,
    writeKeys(api),
    writeBodies(api),
    writeStatuses(),
    ...groups,
    writeShapes(api, shapes),
  ]
  return `${HEADER}# HTTP API\n\n${parts.join('')}`.replace(/\n+$/, '\n')
}

function writeBodies(api: Api): string {
  return `## Bodies\n\n${api.info.description.replace(/^.*?plainly accepted\. /s, '').replace(/\d{4,}/g, (number) => Number(number).toLocaleString('en'))} Browsers send \`text/plain\`, which spares them a preflight.

An answer in JSON has \`"success": true\`, or is an [error](#error) that names one \`code\` of a closed list.\n\n`
}

function writeStatuses(): string {
  const rows = Object.entries(STATUSES).map(([status, { means, action, codes }]) => {
    const names = codes.map((code) => `\`${code}\``).join(', ')
    return `| ${status} | ${names} | ${means} | ${action} |`
  })
  return `## Statuses\n\n| status | codes | means | a client then |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n
Other statuses come from what stands in front of the collector: a client sends the same again after 408 and 5xx, and after no
answer at all.\n\n`
}
