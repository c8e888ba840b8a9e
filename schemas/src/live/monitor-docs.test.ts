/** The examples of `docs/monitors.md` are configurations that load, and its way to check a signature works. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkMonitors } from './monitor-check.ts'
import type { MonitorDefinition, WebhookDefinition } from './monitor-definition.ts'
import { shippedWindows } from './shipped-windows.ts'
import { checkWebhooks } from './webhook-check.ts'

const text = readFileSync(new URL('../../../docs/monitors.md', import.meta.url), 'utf8')

const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)

/** Examples of monitors are items of a list. */
const monitors = blocks('ts')
  .filter((code) => code.startsWith('{'))
  .flatMap((code): MonitorDefinition[] => new Function(`return [${code}]`)())

describe('docs/monitors.md', () => {
  it.each(monitors)('has the monitor $name, which is fine', (monitor) => {
    const surroundings = { windows: shippedWindows, sources: ['dev'] }
    expect(() => checkMonitors([monitor], surroundings)).not.toThrow()
  })

  it('has an example of each kind', () => {
    const kinds = [...text.matchAll(/^## ([a-z_]+)$/gm)].map(([, kind]) => kind)
    expect([...new Set(monitors.map(({ kind }) => kind))].toSorted()).toEqual(kinds.toSorted())
    expect(kinds).toHaveLength(11)
  })

  it('has webhooks that are fine', () => {
    const [code = ''] = blocks('ts').filter((block) => block.startsWith('webhooks:'))
    const webhooks: WebhookDefinition[] = new Function(`return {${code}}`)().webhooks
    expect(webhooks).toHaveLength(2)
    expect(() => checkWebhooks(webhooks)).not.toThrow()
  })

  it('checks a signature as the specification has it', async () => {
    const [code = ''] = blocks('js')
    const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }
    const [body, secret, now] = [
      '{"test": 2432232314}',
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      1_614_265_400_000,
    ]
    expect(isGenuine(headers, body, secret, now)).toBe(true)
    expect(isGenuine(headers, `${body} `, secret, now)).toBe(false)
    expect(isGenuine(headers, body, 'whsec_AAAA', now)).toBe(false)
    expect(isGenuine(headers, body, secret, now + 600_000)).toBe(false)
    expect(isGenuine({}, body, secret, now)).toBe(false)
  })
})
