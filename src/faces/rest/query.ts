/** Query strings (`application/x-www-form-urlencoded`): what is not declared is refused. */

import { CodecError } from "../../codec/error.ts"
import type { Parameter } from "./spec.ts"
import { fieldPointer } from "./validate.ts"

/** Whole numbers without sign, fraction, or leading zero; at most 16 digits. */
const integerPattern = /^(0|[1-9][0-9]{0,15})$/

/** What a query may hold: its parameters by name, and which of them are integers. */
export type QueryNames = ReadonlyMap<string, "integer" | "string">

/** The query parameters among `parameters`. */
export function queryNames(
  parameters: readonly Parameter[],
  integers: (one: Parameter) => boolean,
): QueryNames {
  return new Map(
    parameters
      .filter((one) => one.in === "query")
      .map((one) => [one.name, integers(one) ? "integer" : "string"]),
  )
}

/**
 * Reads a query's values into `params`.
 *
 * @throws CodecError for an unknown or repeated name, bad encoding, and text for a number.
 */
export function readQuery(
  query: string,
  names: QueryNames,
  params: Record<string, string | number>,
): void {
  if (query === "") return
  for (const part of query.split("&")) {
    const equals = part.indexOf("=")
    const name = decodeText(equals < 0 ? part : part.slice(0, equals), "")
    const field = fieldPointer("", name)
    const kind = names.get(name)
    if (kind === undefined) throw new CodecError(field, "is unknown")
    if (Object.hasOwn(params, name)) throw new CodecError(field, "occurs twice")
    const value = equals < 0 ? "" : decodeText(part.slice(equals + 1), field)
    params[name] = kind === "integer" ? parseInteger(value, field) : value
  }
}

/** Undoes percent-encoding. @throws CodecError when it is none, or not UTF-8. */
export function decodePercent(text: string, field: string): string {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new CodecError(field, "is not percent-encoded UTF-8")
  }
}

function decodeText(text: string, field: string): string {
  return decodePercent(text.replaceAll("+", " "), field)
}

function parseInteger(text: string, field: string): number {
  if (!integerPattern.test(text)) throw new CodecError(field, "must be integer")
  return Number(text)
}
