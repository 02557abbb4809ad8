/** The forms that values have in policy documents. */

import type { JsonObject, JsonValue } from "../../codec/json.ts"
import { Fault } from "./fault.ts"

export function malformed(message: string): Fault {
  return new Fault("MalformedPolicyDocumentException", message)
}

export function objectOf(value: JsonValue, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !isArray(value)) return value
  throw malformed(`${what} is an object.`)
}

/** One text, or a list of one or more. */
export function textsOf(value: JsonValue | undefined, what: string): readonly string[] {
  const texts = listOf(value).map((one) => {
    if (typeof one === "string") return one
    throw malformed(`${what} is a text or a list of texts.`)
  })
  if (texts.length === 0) throw malformed(`${what} is missing.`)
  return texts
}

/** AWS lets one thing stand where a list of them may. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined) return []
  return isArray(value) ? value : [value]
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
