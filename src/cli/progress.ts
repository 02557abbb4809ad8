/** A progress bar on a terminal, for content that takes a while. */

import type { ByteSource } from "@keyhold/sdk"
import type { Screen } from "./output.ts"

/** Shorter work shows nothing. */
const quietMs = 400
const intervalMs = 100
const barCharacters = 30

/** Passes a source on and shows how far it is; where `screen` is no terminal, it just passes it. */
export async function* withProgress(
  source: ByteSource,
  screen: Screen,
  total: number | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  if (screen.isTTY !== true) {
    yield* source
    return
  }
  const begun = Date.now()
  let [done, shownAt] = [0, begun + quietMs - intervalMs]
  try {
    for await (const piece of source) {
      done += piece.length
      const now = Date.now()
      if (now - shownAt >= intervalMs) {
        shownAt = now
        screen.write(`\r${progressLine(done, total, now - begun)}`)
      }
      yield piece
    }
  } finally {
    // Erases the line.
    if (shownAt >= begun + quietMs) screen.write("\r\u{1b}[K")
  }
}

/** `[=====     ] 50%  12.0 MiB  6.0 MiB/s`; without a total, the bar is missing. */
export function progressLine(done: number, total: number | undefined, elapsedMs: number): string {
  const speed = `${mebibytes((done * 1000) / Math.max(1, elapsedMs))}/s`
  if (total === undefined || total === 0) return `${mebibytes(done)}  ${speed}`
  const share = Math.min(1, done / total)
  const bar = "=".repeat(Math.round(share * barCharacters)).padEnd(barCharacters)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  return `[${bar}] ${percent}  ${mebibytes(done)}  ${speed}`
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
