/**
 * Shapes of the JSON of dialects that are not ours. Null is as good as absent, as clients send
 * every field they know; fields that nobody knows are ignored, as versions differ in them.
 */

import { decodeBase64 } from "../codec/base64.ts"
import { CodecError } from "../codec/error.ts"
import { pointerTo, type JsonObject, type JsonValue } from "../codec/json.ts"

/** A schema of JSON Schema, for documents of a face. */
export type Schema = JsonObject

/** Reads one kind of value. */
export interface Shape<T> {
  readonly schema: Schema
  /** @param at - JSON pointer. @throws {@link CodecError}. */
  readonly read: (value: NonNullable<JsonValue>, at: string) => T
}
/** A member that has to be there. */
export interface Needed<T> extends Shape<T> {
  readonly needed: true
}
export type Members = Readonly<Record<string, Shape<unknown>>>

/** What an object of these members reads as. */
export type Input<M extends Members> = {
  readonly [Name in keyof M]: M[Name] extends Needed<infer T>
    ? T
    : M[Name] extends Shape<infer T>
      ? T | undefined
      : never
}

/** Marks a member as one that has to be there. */
export function need<T>(shape: Shape<T>): Needed<T> {
  return { ...shape, needed: true }
}

export const text: Shape<string> = {
  schema: { type: "string" },
  read: (value, at) => {
    if (typeof value !== "string") throw refuse(at, "is not a text")
    return value
  },
}

/** @param max - in characters. */
export function textUpTo(max: number): Shape<string> {
  return {
    schema: { type: "string", maxLength: max },
    read: (value, at) => {
      const read = text.read(value, at)
      if (read.length > max) throw refuse(at, `has more than ${max} characters`)
      return read
    },
  }
}

/** As `RuleName` in api/openapi.yaml. */
const shortTextMax = 128
/** For people. */
export const shortText = textUpTo(shortTextMax)

/** Standard base64, strictly: nobody shall sign what was not sent. */
export const bytes: Shape<Uint8Array> = {
  schema: { type: "string", contentEncoding: "base64" },
  read: (value, at) => decodeBase64(text.read(value, at), at),
}

export const flag: Shape<boolean> = {
  schema: { type: "boolean" },
  read: (value, at) => {
    if (typeof value !== "boolean") throw refuse(at, "is not true or false")
    return value
  },
}

/** A whole number that is not negative. */
export const count: Shape<number> = {
  schema: { type: "integer", minimum: 0 },
  read: (value, at) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw refuse(at, "is not a whole number")
    }
    return value
  },
}

/** A whole number, also one below zero, which stands for what is usual. */
export const integer: Shape<number> = {
  schema: { type: "integer" },
  read: (value, at) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw refuse(at, "is no integer")
    return value
  },
}

/** An array of one-character strings, as the original's clients send them, or a plain string. */
export const password: Shape<string> = {
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
  read: (value, at) => {
    if (typeof value === "string") return value
    return list(text).read(value, at).join("")
  },
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: "array", items: item.schema },
    read: (value, at) => {
      if (!isArray(value)) throw refuse(at, "is not a list")
      return value.map((one, index) => {
        if (one === null) throw refuse(pointerTo(at, index), "is null")
        return item.read(one, pointerTo(at, index))
      })
    },
  }
}

export function choice<const Values extends readonly string[]>(
  values: Values,
): Shape<Values[number]> {
  return {
    schema: { type: "string", enum: values },
    read: (value, at) => {
      const found = values.find((one) => one === value)
      if (found === undefined) throw refuse(at, `is none of ${values.join(", ")}`)
      return found
    },
  }
}

export function object<M extends Members>(members: M): Shape<Input<M>> {
  return {
    schema: schemaOf(members),
    read: (value, at) => {
      if (!isObject(value)) throw refuse(at, "is not an object")
      const input: Record<string, unknown> = {}
      for (const [name, shape] of Object.entries(members)) {
        const given = value[name] ?? null
        const place = pointerTo(at, name)
        if (given !== null) input[name] = shape.read(given, place)
        else if ("needed" in shape) throw refuse(place, "is missing")
      }
      return input as Input<M> // Every member has been read by its own shape.
    },
  }
}

/** A member that is not needed may be null as well. */
function schemaOf(members: Members): Schema {
  const rows = Object.entries(members)
  const properties = rows.map(([name, member]) => {
    const { schema } = member
    return [name, "needed" in member ? schema : { anyOf: [schema, { type: "null" }] }] as const
  })
  const required = rows.filter(([, member]) => "needed" in member).map(([name]) => name)
  return { type: "object", properties: Object.fromEntries(properties), required }
}

/** Whatever it is, as it came. */
export const anything: Shape<JsonValue> = { schema: {}, read: (value) => value }

function refuse(at: string, what: string): CodecError {
  return new CodecError(at, what)
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value)
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
