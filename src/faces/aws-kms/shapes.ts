/**
 * Shapes of AWS's JSON protocol: they read a member strictly and collect what does not fit, in the
 * words that AWS uses, since clients show and some of them match these texts.
 */

import { decodeBase64 } from "../../codec/base64.ts"
import type { JsonObject, JsonValue } from "../../codec/json.ts"
import { instant, type Instant } from "../../domain/ids.ts"
import { Fault } from "./fault.ts"

/** Reads one kind of value. */
export interface Shape<T> {
  /** @param at - the member's place in AWS's spelling: `tags.1.member.tagKey`. */
  readonly read: (value: JsonValue, at: string, problems: string[]) => T
}
/** A member that has to be there. */
export interface Needed<T> extends Shape<T> {
  readonly needed: true
}
export type Members = Readonly<Record<string, Shape<unknown>>>

/** What a structure of these members reads as. */
export type Input<M extends Members> = {
  readonly [Name in keyof M]: M[Name] extends Needed<infer T>
    ? T
    : M[Name] extends Shape<infer T>
      ? T | undefined
      : never
}

/** Bounds of a text or a blob, in characters or bytes, of a number, or of a list. */
interface Bounds {
  readonly min?: number
  readonly max?: number
}

/** Marks a member as one that has to be there. */
export function need<T>(shape: Shape<T>): Needed<T> {
  return { ...shape, needed: true }
}

/** @param bounds - `secret`: the value is never shown. */
export function text({
  pattern,
  secret = false,
  ...bounds
}: Bounds & { readonly pattern?: RegExp; readonly secret?: boolean } = {}): Shape<string> {
  return {
    read: (value, at, problems) => {
      if (typeof value !== "string") throw notA("String", value)
      const shown = secret ? undefined : value
      checkLength(shown, value.length, { at, problems, ...bounds })
      if (pattern !== undefined && !pattern.test(value)) {
        problems.push(violation(shown, at, `satisfy regular expression pattern: ${pattern.source}`))
      }
      return value
    },
  }
}

/** Bytes; their value is never shown. */
export function blob(bounds: Bounds = {}): Shape<Uint8Array> {
  return {
    read: (value, at, problems) => {
      if (typeof value !== "string") throw notA("Blob", value)
      const bytes = decode(value, at)
      checkLength(undefined, bytes.length, { at, problems, ...bounds })
      return bytes
    },
  }
}

export function integer({ min = -Infinity, max = Infinity }: Bounds = {}): Shape<number> {
  return {
    read: (value, at, problems) => {
      if (typeof value !== "number" || !Number.isInteger(value)) throw notA("Integer", value)
      const shown = String(value)
      if (value < min) problems.push(violation(shown, at, `have value ${notLess} ${min}`))
      if (value > max) problems.push(violation(shown, at, `have value ${notMore} ${max}`))
      return value
    },
  }
}

export const flag: Shape<boolean> = {
  read: (value) => {
    if (typeof value !== "boolean") throw notA("Boolean", value)
    return value
  },
}

/** Seconds since 1970, as a number. */
export const timestamp: Shape<Instant> = {
  read: (value) => {
    const ms = typeof value === "number" ? Math.round(value * 1_000) : Number.NaN
    if (!Number.isSafeInteger(ms)) throw notA("Timestamp", value)
    return instant(ms)
  },
}

export function choice<const Values extends readonly string[]>(
  values: Values,
): Shape<Values[number]> {
  return {
    read: (value, at, problems) => {
      if (typeof value !== "string") throw notA("String", value)
      const found = values.find((one) => one === value)
      if (found !== undefined) return found
      problems.push(violation(value, at, `satisfy enum value set: [${values.join(", ")}]`))
      return value // Nobody uses it: the problem is thrown before.
    },
  }
}

export function list<T>(item: Shape<T>, { min = 0, max = Infinity }: Bounds = {}): Shape<T[]> {
  return {
    read: (value, at, problems) => {
      if (!isArray(value)) throw notA("List", value)
      checkLength(undefined, value.length, { at, problems, min, max })
      return value.map((one, index) => item.read(one, `${at}.${index + 1}.member`, problems))
    },
  }
}

/** Texts by text. */
export const texts: Shape<Readonly<Record<string, string>>> = {
  read: (value) => {
    if (!isObject(value)) throw notA("Map", value)
    for (const one of Object.values(value)) if (typeof one !== "string") throw notA("String", one)
    return value as Readonly<Record<string, string>> // Each of them has just been looked at.
  },
}

export function structure<M extends Members>(members: M): Shape<Input<M>> {
  return {
    read: (value, at, problems) => {
      if (!isObject(value)) throw notA("Structure", value)
      return readMembers(members, value, { at: at === "" ? "" : `${at}.`, problems })
    },
  }
}

/**
 * Reads a request's input.
 *
 * @throws {@link Fault} SerializationException for a value of another type, ValidationException for
 * all that is out of bounds together, and for a member that nobody knows: its sender relies on it.
 */
export function readInput<M extends Members>(members: M, value: JsonValue): Input<M> {
  const problems: string[] = []
  const input = structure(members).read(value, "", problems)
  if (problems.length === 0) return input
  const count = `${problems.length} validation error${problems.length === 1 ? "" : "s"}`
  throw new Fault("ValidationException", `${count} detected: ${problems.join("; ")}`)
}

function readMembers<M extends Members>(
  members: M,
  value: JsonObject,
  { at, problems }: { readonly at: string; readonly problems: string[] },
): Input<M> {
  const input: Record<string, unknown> = {}
  for (const [name, shape] of Object.entries(members)) {
    const place = `${at}${lowerFirst(name)}`
    const given = value[name] ?? null
    if (given !== null) input[name] = shape.read(given, place, problems)
    else if ("needed" in shape) problems.push(violation(null, place, "not be null"))
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(members, name)) continue
    problems.push(violation(undefined, `${at}${lowerFirst(name)}`, "be known here"))
  }
  return input as Input<M> // Every member has been read by its own shape.
}

const notLess = "greater than or equal to"
const notMore = "less than or equal to"

/** @param value - undefined: it is not shown. */
function violation(value: string | null | undefined, at: string, must: string): string {
  const shown = value === undefined ? "" : value === null ? " null" : ` '${value}'`
  return `Value${shown} at '${at}' failed to satisfy constraint: Member must ${must}`
}

function checkLength(
  value: string | undefined,
  length: number,
  { at, problems, min = 0, max = Infinity }: Bounds & { at: string; problems: string[] },
): void {
  if (length < min) problems.push(violation(value, at, `have length ${notLess} ${min}`))
  if (length > max) problems.push(violation(value, at, `have length ${notMore} ${max}`))
}

function decode(value: string, at: string): Uint8Array {
  try {
    return decodeBase64(value, at)
  } catch {
    throw new Fault("SerializationException", `${at} is not base64`)
  }
}

function notA(type: string, value: JsonValue): Fault {
  const found = value === null ? "null" : isArray(value) ? "array" : typeof value
  return new Fault("SerializationException", `${found} value can not be converted to a ${type}`)
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value)
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
