/** Lists, page by page: `Limit` and an opaque `Marker`. */

import { decodeBase64Url, encodeBase64Url } from "../../codec/base64.ts"
import { CodecError } from "../../codec/error.ts"
import type { Page } from "../../service/commands.ts"
import { Fault } from "./fault.ts"
import type { Call, Output } from "./operation.ts"

interface Wanted {
  readonly Limit?: number | undefined
  readonly Marker?: string | undefined
}

/** How many a page of an operation holds. */
interface Bounds {
  readonly most: number
  readonly usual: number
}

/**
 * What services take; more than the operation's own bound is cut, as AWS does.
 *
 * @throws {@link Fault} InvalidMarkerException unless this very operation gave the marker.
 */
export function pageCommand(
  { name }: Pick<Call, "name">,
  { Limit: limit, Marker: marker }: Wanted,
  { most, usual }: Bounds,
): { readonly limit: number; readonly after: string | undefined } {
  return {
    limit: Math.min(limit ?? usual, most),
    after: marker === undefined ? undefined : readMarker(name, marker),
  }
}

/** A page under the name that its operation gives its items. */
export function renderPage<T>(
  { name }: Pick<Call, "name">,
  { items, next }: Page<T>,
  { as, render }: { readonly as: string; readonly render: (item: T) => unknown },
): Output {
  return {
    [as]: items.map(render),
    Truncated: next !== undefined,
    NextMarker: next === undefined ? undefined : encodeBase64Url(Buffer.from(`${name}\0${next}`)),
  }
}

function readMarker(operation: string, marker: string): string {
  const [name, after] = decode(marker).split("\0")
  if (name === operation && after !== undefined) return after
  throw new Fault("InvalidMarkerException", "The marker is not one that this operation gave.")
}

function decode(marker: string): string {
  try {
    return Buffer.from(decodeBase64Url(marker, "/Marker")).toString()
  } catch (error) {
    if (error instanceof CodecError) return ""
    throw error
  }
}
