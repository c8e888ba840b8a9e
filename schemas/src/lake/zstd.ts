/**
 * Pages of Parquet by zstd (RFC 8878), with `node:zlib`. Of workerd's it works around three faults, which Node does not have: it
 * throws when the output of compression is over 40 KB (cloudflare/workerd#6769), it counts the limit of decompression wrong, and
 * it reads the first of several frames alone. Remove this when they are mended.
 */

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { joinBytes } from './join-bytes.ts'

/** Measured: with level 9 a file is 12 % smaller, and takes about a third more time; time is what a Worker pays for. */
const LEVEL = 3

/** Input whose output fits in any case. */
const LEAST_BYTES = 32 * 1024

/** Room that workerd wants beyond twice the output. */
const SLACK_BYTES = 64 * 1024

/** Makes a frame of zstd. */
export type CompressFrame = (bytes: Uint8Array) => Uint8Array

/**
 * One frame, or several one after the other, which any reader takes for one (section 3.1): a frame of workerd's cannot be larger.
 *
 * @param compressFrame makes one frame, or throws. Default: the platform's
 * @throws what that throws for other reasons
 */
export function compressZstd(bytes: Uint8Array, compressFrame: CompressFrame = compress): Uint8Array {
  const frames: Uint8Array[] = []
  addFrames(frames, bytes, compressFrame)
  const [only] = frames
  return frames.length === 1 && only !== undefined ? only : joinBytes(frames)
}

/**
 * What frames hold.
 *
 * @param outputLength how much it is; more is an error
 * @throws Error for bytes that are no frames
 */
export function decompressZstd(bytes: Uint8Array, outputLength: number): Uint8Array {
  const options = { maxOutputLength: 2 * outputLength + SLACK_BYTES }
  const output = joinBytes(listFrames(bytes).map((frame) => zstdDecompressSync(frame, options)))
  if (output.byteLength !== outputLength)
    throw new Error(`a page of ${outputLength} bytes has ${output.byteLength}`)
  return output
}

/** What fails is done by halves. It fails early: as soon as there is more output than workerd takes. */
function addFrames(frames: Uint8Array[], bytes: Uint8Array, compressFrame: CompressFrame): void {
  try {
    frames.push(compressFrame(bytes))
  } catch (error) {
    if (bytes.byteLength <= LEAST_BYTES) throw error
    const half = Math.ceil(bytes.byteLength / 2)
    addFrames(frames, bytes.subarray(0, half), compressFrame)
    addFrames(frames, bytes.subarray(half), compressFrame)
  }
}

function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } })
}

const MAGIC = 0xfd2fb528

/** Bytes of the optional parts of a frame's header, by the flags that tell of them (section 3.1.1.1.1). */
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]

const RLE_BLOCK = 1

/** The frames that bytes consist of. */
function listFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: Uint8Array[] = []
  for (let start = 0; start < bytes.byteLength; ) {
    const end = findFrameEnd(view, start)
    frames.push(bytes.subarray(start, end))
    start = end
  }
  return frames
}

function findFrameEnd(view: DataView, start: number): number {
  if (view.getUint32(start, true) !== MAGIC) throw new Error('a page does not begin with a zstd frame')
  const descriptor = view.getUint8(start + 4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const hasChecksum = (descriptor & 0x04) !== 0
  const contentSizeFlag = descriptor >> 6
  const contentSizeBytes =
    contentSizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[contentSizeFlag] ?? 0)
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 0x03] ?? 0
  let at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes
  for (let isLast = false; !isLast; ) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
    isLast = (header & 1) !== 0
    at += 3 + (((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3)
  }
  return at + (hasChecksum ? 4 : 0)
}
