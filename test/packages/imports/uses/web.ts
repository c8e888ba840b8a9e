// Each entry of @millrace/web as a user's TypeScript has it; it is compiled, and never runs.
import { type Consent, createMillrace, type Millrace } from '@millrace/web'
import { autocapture } from '@millrace/web/autocapture'
import { followOneTrust, followTcf, rememberConsent } from '@millrace/web/consent'
import { debug } from '@millrace/web/debug'
import { engagement } from '@millrace/web/engagement'
import { errors } from '@millrace/web/errors'
import { linker } from '@millrace/web/linker'
import { createMillrace as createTiny, type TinyMillrace } from '@millrace/web/tiny'
import { vitals } from '@millrace/web/vitals'

interface Plan {
  track: { 'Order Completed': { total: number } }
}

const planned: Millrace<Plan> = createMillrace<Plan>({ writeKey: 'wk', endpoint: '/', autoPage: true })
const tiny: TinyMillrace = createTiny({ writeKey: 'wk', endpoint: '/' })
void planned.track('Order Completed', { total: 42 })
// @ts-expect-error: the plan has another type for it
void planned.track('Order Completed', { total: '42' })
// @ts-expect-error: there is no such option
createMillrace({ writeKey: 'wk', endpoint: '/', autopage: true })
tiny.track('Order Completed', { total: 42 })

const millrace = createMillrace({ writeKey: 'wk', endpoint: '/', consent: 'pending' })
const granted: Consent = { analytics: 'granted' }
millrace.consent(granted)

export const stops: (() => void)[] = [
  autocapture(millrace, { ownDomains: ['example.com'] }),
  debug(millrace),
  engagement(millrace),
  errors(millrace),
  followOneTrust(millrace, { purposes: { analytics: 'C0002' } }),
  followTcf(millrace, { purposes: { analytics: [1, 8] } }),
  linker(millrace, { domains: ['shop.example'] }),
  rememberConsent(millrace),
  vitals(millrace),
]
