'use client'

import { useState } from 'react'
import { millrace } from '../../analytics.tsx'

export function BookSeat({ course }: { course: string }) {
  const [answer, setAnswer] = useState('')

  async function book() {
    await millrace.track('Booking Started', { course })
    const response = await fetch('/api/bookings', { method: 'POST', body: JSON.stringify({ course }) })
    setAnswer(response.ok ? 'You have a seat. See you on Tuesday.' : 'That did not work, please try again.')
  }

  return (
    <>
      <button type="button" onClick={book}>
        Book a seat, €180
      </button>
      <p role="status">{answer}</p>
    </>
  )
}
