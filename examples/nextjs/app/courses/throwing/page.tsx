import type { Metadata } from 'next'
import Link from 'next/link'
import { BookSeat } from './book-seat.tsx'

export const metadata: Metadata = { title: 'Throwing on the wheel' }

export default function Course() {
  return (
    <main>
      <h1>Throwing on the wheel</h1>
      <p>
        Six Tuesdays from half past six. Eight wheels, one teacher, and a kiln that is fired on the last
        evening.
      </p>
      <BookSeat course="throwing" />
      <p>
        <Link href="/">All courses</Link>
      </p>
    </main>
  )
}
