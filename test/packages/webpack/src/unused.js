// What is imported and not used costs a page nothing.
import '@millrace/web'
import { autocapture } from '@millrace/web/autocapture'
import { createMillrace } from '@millrace/web/tiny'
import { vitals } from '@millrace/web/vitals'

export const isNeeded = false && [autocapture, createMillrace, vitals]
