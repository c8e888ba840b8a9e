/** Why an event was refused or left out, in words. The closed list is `schemas/src/reasons.ts`. */

import type { Reason } from '@millrace/schemas/wire'

const WORDS: Record<Reason, string> = {
  not_an_object: 'It is no JSON object',
  unknown_type: 'Its type is missing, or none of the six',
  missing_field: 'A field that it must have is missing',
  invalid_field: 'A field has a value of the wrong kind',
  field_too_long: 'A name or id is too long',
  event_too_large: 'It is larger than 32 KB',
  too_deep: 'It is nested deeper than 64 levels',
  secret_key_required: 'Corrections need the secret key',
  missing_identity: 'It says neither userId nor anonymousId',
  impossible_time: 'Its time cannot be right',
  plan_violation: 'It differs from the tracking plan',
  unplanned_event: 'The tracking plan has no such event',
  no_consent: 'The person did not consent',
  privacy_control: 'The browser asks for privacy (GPC)',
  bot: 'A bot sent it',
  left_out_by_hook: 'The source’s own rule left it out',
  forgotten: 'The person asked to be forgotten',
  repeated_in_batch: 'Its batch has the same id twice',
  not_storable: 'The warehouse cannot store its content',
}

/** In words; a reason that is not known here as it is. */
export function nameReason(reason: string): string {
  return Object.hasOwn(WORDS, reason) ? WORDS[reason as Reason] : reason.replaceAll('_', ' ')
}
