/**
 * Items of one batch. Most of them differ from the one before in their bytes alone: such an item
 * has passed the same validators already, and only its bytes are looked at.
 */

import { readItem, type Prepared, type RawRequest } from "./endpoints.ts"
import { decodeBytes } from "./validate.ts"

type Item = Readonly<Record<string, unknown>>

/** The last item that was read whole. */
interface Known {
  readonly endpoint: Prepared
  readonly item: Item
  readonly fields: number
  readonly request: RawRequest
}

export class ItemReader {
  #known: Known | undefined

  /** As {@link readItem}; `item` was parsed from JSON and is left as it is. */
  read<Id extends Prepared>(endpoint: Id, item: Item, at: string): RawRequest {
    const known = this.#known
    const again = known?.endpoint === endpoint ? readLike(known, item) : undefined
    if (again !== undefined) return again
    const request = readItem(endpoint, item, at)
    this.#known = { endpoint, item, fields: Object.keys(item).length, request }
    return request
  }
}

/** Undefined when more than bytes differ, or the bytes are wrong: their validators say how. */
function readLike(known: Known, item: Item): RawRequest | undefined {
  const { params, body } = known.request
  if (typeof body !== "object" || body === null) return undefined
  const bytesMax = known.endpoint.bytesMax
  // Its bytes are replaced below; everything else is the same.
  const own: Record<string, unknown> = { ...body }
  let fields = 0
  for (const name in item) {
    const value = item[name]
    const max = bytesMax.get(name)
    if (max === undefined) {
      if (value !== known.item[name]) return undefined
    } else {
      if (typeof value !== "string" || !Object.hasOwn(known.item, name)) return undefined
      const bytes = decodeBytes(value, max)
      if (typeof bytes === "string") return undefined
      own[name] = bytes
    }
    fields++
  }
  return fields === known.fields ? { params, body: own } : undefined
}
