/** Checks the webhooks of a configuration. */

import { z } from 'zod'
import { describeSettingIssue, knownFields, textOf } from '../setting-rules.ts'
import { NAME_PATTERN } from '../wire.ts'
import type { WebhookDefinition } from './monitor-definition.ts'
import { checkNames } from './names-check.ts'
import { isWebhookAddress } from './webhook-address.ts'

const MAX_WEBHOOKS = 10

const SECRET_VAR = textOf(
  /^[A-Z][A-Z0-9_]{0,127}$/,
  'must be the name of a Worker secret such as ALERTS_SECRET',
)

const WebhooksSchema = z
  .array(
    knownFields({
      name: textOf(NAME_PATTERN, 'must be 1 to 64 of a-z, 0-9, "-", "_"'),
      url: z
        .custom<string>(
          isWebhookAddress,
          'must be an https: address of a public host; http: is for this machine alone',
        )
        .optional(),
      urlVar: SECRET_VAR.optional(),
      secretVar: SECRET_VAR,
    }),
  )
  .max(MAX_WEBHOOKS, `must be at most ${MAX_WEBHOOKS}`)

/**
 * Checks webhooks.
 *
 * @throws RangeError naming the option, the rule and the value
 */
export function checkWebhooks(webhooks: readonly WebhookDefinition[]): void {
  // An address may be as good as a password, so no message has one.
  const issue = describeSettingIssue(WebhooksSchema.safeParse(webhooks).error, webhooks, 'webhooks')
  if (issue !== undefined)
    throw new RangeError(issue.includes('.url must') ? issue.replace(/, got .*/, '') : issue)
  checkNames(webhooks, 'webhooks')
  webhooks.forEach(({ url, urlVar }, index) => {
    if ((url === undefined) !== (urlVar === undefined)) return
    const got = url === undefined ? 'neither' : 'both'
    throw new RangeError(`webhooks[${index}] must have either url or urlVar, got ${got}`)
  })
}
