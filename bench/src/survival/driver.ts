/** What a person, or bad luck, can do to a browser, whichever it is; the scenarios know nothing else of one. */

/** How a tab ends: by its close button, which asks the page, or by its window going away. */
export type TabEnd = 'asked' | 'at once'

/** A tab that shows a page of the site. */
export interface Tab {
  /** Calls `sdk.track` of the page `count` times in one loop, with `i` from `first` and the given `run`. */
  track(run: string, first: number, count: number): Promise<void>
  /** Calls `sdk.track` once and goes to another address in the same task; resolves once that is loaded. */
  trackAndLeave(run: string, i: number, url: string): Promise<void>
  close(end: TabEnd): Promise<void>
  /** Ends the process that renders the page, as a crash would: nothing of the page runs any more. */
  crash(): Promise<void>
}

/** A person's browser and its profile, which outlives the browser. */
export interface Visitor {
  /** Opens a tab; resolves once the page is loaded. */
  openTab(url: string): Promise<Tab>
  /** Takes the network away from all tabs that are open, or gives it back; pages hear of it. */
  setOffline(isOffline: boolean): Promise<void>
  /** Quits as a person does: every tab is closed, then the browser. */
  quit(): Promise<void>
  /** Ends the processes of the browser, as a power cut would. */
  kill(): Promise<void>
  /** Starts the browser again, with the same profile. */
  restart(): Promise<void>
  /** Ends the browser if it runs, and removes the profile. */
  remove(): Promise<void>
}

/** Starts browsers of one kind. */
export interface Driver {
  name: 'chromium' | 'firefox'
  /** Starts one with a new profile that has its storage on disk. */
  createVisitor(): Promise<Visitor>
}

/** What a page of the site has among its globals. */
interface PageGlobals {
  sdk: { track: (name: string, properties: object) => void }
  location: { assign: (url: string) => void }
}

/** Runs in the page; the SDK under test is its global `sdk`. */
export function trackInPage({ run, first, count }: { run: string; first: number; count: number }): void {
  const { sdk } = globalThis as unknown as PageGlobals
  for (let i = first; i < first + count; i++) sdk.track('Survival', { run, i })
}

/** Runs in the page. The task is a later one, so that the call that asks for it is answered before the page goes. */
export function trackAndLeaveInPage({ run, i, url }: { run: string; i: number; url: string }): void {
  const { sdk, location } = globalThis as unknown as PageGlobals
  setTimeout(() => {
    sdk.track('Survival', { run, i })
    location.assign(url)
  })
}
