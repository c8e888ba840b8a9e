// What pages can do without: a search box over the titles of pages and headings (there is none where the index cannot be
// fetched, as from a file), and the page's own entry of the navigation in sight.

const MAX_FOUND = 12
const root = document.documentElement.dataset.root

/** Entries that have every word, those whose title begins with the text first; otherwise in the order of the pages. */
function find(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  const all = entries.filter(([title, , page]) => {
    const inside = `${title} ${page}`.toLowerCase()
    return words.every((word) => inside.includes(word))
  })
  const begins = ([title]) => title.toLowerCase().startsWith(words[0])
  return [...all.filter(begins), ...all.filter((entry) => !begins(entry))].slice(0, MAX_FOUND)
}

function item([title, place, page]) {
  const link = document.createElement('a')
  link.href = root + place
  link.append(title)
  if (page) link.append(Object.assign(document.createElement('span'), { textContent: page }))
  const li = document.createElement('li')
  li.append(link)
  return li
}

function nothing() {
  const li = document.createElement('li')
  li.append(Object.assign(document.createElement('p'), { textContent: 'Nothing found.' }))
  return li
}

function start(entries) {
  const box = document.querySelector('.search')
  const input = Object.assign(document.createElement('input'), { type: 'search', placeholder: 'Search' })
  input.setAttribute('aria-label', 'Search pages and headings')
  const list = Object.assign(document.createElement('ul'), { hidden: true })
  const show = () => {
    const found = find(entries, input.value)
    list.replaceChildren(...(found.length > 0 ? found.map(item) : [nothing()]))
    list.hidden = input.value.trim() === ''
  }
  input.addEventListener('input', show)
  input.addEventListener('focus', show)
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') list.hidden = true
    if (event.key === 'Enter' && event.target === input) list.querySelector('a')?.click()
  })
  box.addEventListener('focusout', (event) => {
    if (!box.contains(event.relatedTarget)) list.hidden = true
  })
  list.addEventListener('click', () => {
    list.hidden = true
  })
  box.append(input, list)
  box.hidden = false
}

const side = document.querySelector('.side')
const current = side.querySelector('[aria-current]')
if (current) side.scrollTop = current.offsetTop - side.clientHeight / 2

if (location.protocol !== 'file:') {
  fetch(`${root}search.json`)
    .then((answer) => answer.json())
    .then(start, () => {})
}
