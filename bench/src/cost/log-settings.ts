/** Whether Workers Logs keep a line of each invocation. */

/** What is read of `observability` in wrangler's configuration. */
export interface Observability {
  enabled?: boolean | undefined
  logs?: { enabled?: boolean | undefined; invocation_logs?: boolean | undefined } | undefined
}

/** They do by default, where the log is on. Source: wrangler's configuration of Workers Logs. */
export function areInvocationsLogged({ enabled = false, logs = {} }: Observability = {}): boolean {
  const { enabled: isOn = enabled, invocation_logs: isKept = true } = logs
  return isOn && isKept
}
