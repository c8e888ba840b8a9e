/** What is this machine, by its name. Pure. */

/** Whether a host is this machine's loopback interface; `hostname` as a parsed URL has it: IPv4 in four parts, IPv6 in brackets. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}
