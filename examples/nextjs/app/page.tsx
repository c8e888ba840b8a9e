import Link from 'next/link'

export default function Home() {
  return (
    <main>
      <h1>Clay & Kiln</h1>
      <p>Evening courses in a pottery by the canal. You bring an apron, we bring the clay.</p>
      <p>
        <Link href="/courses/throwing">Throwing on the wheel, six Tuesdays</Link>
      </p>
    </main>
  )
}
