/** The keys that routes ask for, and the ways to give them. */

import { asMarkdown, capitalize, lowerFirst } from './description-text.ts'
import type { Api } from './openapi.ts'

const KEYS = [
  {
    begins: 'writeKey',
    name: 'write key',
    about: 'public, for sending events. In a body it is the field `writeKey`.',
  },
  {
    begins: 'secretKey',
    name: 'secret key',
    about: 'of a source, for history and for operators; only in the header.',
  },
  {
    begins: 'readToken',
    name: 'read token',
    about: 'of a source, for all that reads its events; only in the header.',
  },
  { begins: 'metricsToken', name: 'metrics token', about: 'of the deployment, for `/metrics`.' },
] as const

/** The key that a security scheme of the description stands for. */
export function keyOf(scheme: string): string | undefined {
  return KEYS.find(({ begins }) => scheme.startsWith(begins))?.name
}

/** The section that tells of them. */
export function writeKeys(api: Api): string {
  const schemes = Object.entries(api.components.securitySchemes).map(
    ([name, { type, scheme, description }]) => {
      const how =
        type === 'apiKey'
          ? 'in the query, `?writeKey=`'
          : `\`Authorization: ${scheme === 'basic' ? 'Basic' : 'Bearer'}\``
      return { key: keyOf(name), how, description }
    },
  )
  const items = KEYS.map((key) => {
    const ways = schemes.filter((scheme) => scheme.key === key.name)
    const how = ways
      .map(({ how: way, description }) => `  - ${way}: ${lowerFirst(asMarkdown(description))}`)
      .join('\n')
    return `- **${capitalize(key.name)}**: ${key.about}\n${how}`
  })
  return `## Keys\n\n${items.join('\n')}\n\n`
}
