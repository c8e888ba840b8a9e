/** How the debug overlay looks. A text, because a style sheet that is constructed needs no permission of a CSP. */

/** For the overlay's shadow root; classes are those of debug-view.ts. */
export const STYLE = `
:host { all: initial; position: fixed; right: 12px; bottom: 12px; z-index: 2147483647; color-scheme: light dark;
  --soft: color-mix(in srgb, CanvasText 65%, Canvas); --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --shade: color-mix(in srgb, CanvasText 6%, Canvas);
  font: 13px/1.45 system-ui; color: CanvasText; font-variant-numeric: tabular-nums }
* { box-sizing: border-box }
[hidden] { display: none !important }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 6px;
  padding: 2px 9px; cursor: pointer }
:focus-visible { outline: 2px solid Highlight; outline-offset: -2px }
.toggle { background: Canvas; border-radius: 99px; padding: 5px 13px; font-weight: 600;
  box-shadow: 0 2px 9px #0004 }
.panel { display: flex; flex-direction: column; width: min(460px, calc(100vw - 24px));
  height: min(560px, calc(100vh - 24px)); background: Canvas; border: 1px solid var(--line);
  border-radius: 10px; box-shadow: 0 2px 29px #0004; overflow: hidden }
header { display: flex; gap: 6px; align-items: center; padding: 8px 8px 8px 12px;
  border-bottom: 1px solid var(--line) }
h2 { font-size: 14px; margin: 0 auto 0 0 }
.counts { display: flex; flex-wrap: wrap; gap: 4px 14px; margin: 0; padding: 6px 12px; background: var(--shade);
  border-bottom: 1px solid var(--line) }
.body { overflow: auto; flex: 1 }
ol { list-style: none; margin: 0; padding: 0 }
li, .body > details { border-bottom: 1px solid var(--line) }
summary, .batch { display: flex; gap: 8px; align-items: baseline; padding: 5px 12px }
summary { cursor: pointer }
summary::before { content: '▸' }
[open] > summary::before { content: '▾' }
summary:hover, button:hover { background: var(--shade) }
.name { font-weight: 600; flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.soft { color: var(--soft) }
.sent { color: light-dark(#12703a, #6bd28f) }
.waiting { color: light-dark(#8a5a00, #f0bd5e) }
.dropped { color: light-dark(#b3261e, #ff8f85) }
pre { margin: 0; padding: 8px 12px; background: var(--shade); font: 12px/1.5 monospace;
  white-space: pre-wrap; overflow-wrap: anywhere }
`
