/** Lists: every item, or the first few. */

import type { OptionRow } from "./command.ts"
import type { Input } from "./input.ts"

export const limitOption: OptionRow = ["--limit <number>", "at most so many"]

/** Reads a list up to `--limit`. */
export async function collectItems<T>(list: AsyncIterable<T>, input: Input): Promise<readonly T[]> {
  const limit = input.integer("limit") ?? Infinity
  const items: T[] = []
  if (limit === 0) return items
  for await (const item of list) {
    items.push(item)
    if (items.length >= limit) break
  }
  return items
}
