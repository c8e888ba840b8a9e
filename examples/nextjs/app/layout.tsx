import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Analytics } from './analytics.tsx'
import './style.css'

export const metadata: Metadata = { title: { default: 'Clay & Kiln', template: '%s | Clay & Kiln' } }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Analytics />
        {children}
      </body>
    </html>
  )
}
