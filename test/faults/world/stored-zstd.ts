/** What the lake takes of `node:zlib`: valid frames of zstd (RFC 8878) whose blocks are stored as they are. */

/** Magic number, a descriptor that says "single segment, size in four bytes", and the size. */
const HEADER_BYTES = 9
const MAGIC = 0xfd2fb528
const DESCRIPTOR = 0xa0

/** Longest block. Source: RFC 8878, section 3.1.1.2.4. */
const BLOCK_BYTES = 128 * 1024

/** One frame. */
export function zstdCompressSync(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.byteLength / BLOCK_BYTES))
  const frame = new Uint8Array(HEADER_BYTES + bytes.byteLength + 3 * blocks)
  const view = new DataView(frame.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint8(4, DESCRIPTOR)
  view.setUint32(5, bytes.byteLength, true)
  let at = HEADER_BYTES
  for (let block = 0; block < blocks; block++) {
    const piece = bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
    const header = (piece.byteLength << 3) | (block === blocks - 1 ? 1 : 0)
    frame[at] = header & 0xff
    frame[at + 1] = (header >> 8) & 0xff
    frame[at + 2] = header >> 16
    frame.set(piece, at + 3)
    at += 3 + piece.byteLength
  }
  return frame
}

/** What a frame of {@link zstdCompressSync} holds. */
export function zstdDecompressSync(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const bytes = new Uint8Array(view.getUint32(5, true))
  let written = 0
  for (let at = HEADER_BYTES; at < frame.byteLength; ) {
    const size = ((frame[at] ?? 0) | ((frame[at + 1] ?? 0) << 8) | ((frame[at + 2] ?? 0) << 16)) >> 3
    bytes.set(frame.subarray(at + 3, at + 3 + size), written)
    written += size
    at += 3 + size
  }
  return bytes
}
