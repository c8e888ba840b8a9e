/**
 * Shows why a download was refused. The form works without: a download leaves the frame that it is sent to as it was, and
 * anything else that arrives there is the collector's refusal.
 */

const form = document.querySelector('form')
const frame = document.querySelector('iframe')
const problem = document.querySelector('.problem')

form.addEventListener('submit', () => {
  problem.hidden = true
})

frame.addEventListener('load', () => {
  const text = readAnswer()
  // The empty page that a frame begins with.
  if (text === '') return
  problem.textContent = describe(text)
  problem.hidden = false
})

function readAnswer() {
  try {
    return frame.contentDocument.body.textContent.trim()
  } catch {
    // A browser shows its own page when nothing answers, and lets nobody read it.
    return 'unreachable'
  }
}

function describe(text) {
  try {
    const { message } = JSON.parse(text)
    if (typeof message === 'string') return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  } catch {
    // Not the collector's words.
  }
  return 'The collector does not answer. Try again in a moment.'
}
