/**
 * The small files of a ceremony: one closed JSON object that names its format first. A table of
 * fields reads and writes each of them.
 */

import { decodeBase64, encodeBase64 } from "../codec/base64.ts"
import { parseJson, type JsonObject, type JsonValue } from "../codec/json.ts"
import { HsmError } from "../domain/errors.ts"

/** Larger than the largest of these files: a share set of 255 commitments. */
const fileLengthMax = 64 * 1024
/** An object with lists. */
const depthMax = 2

/** One field's way from JSON to a value and back; `read` answers undefined for what it refuses. */
interface Field<T> {
  readonly read: (json: unknown) => T | undefined
  readonly write: (value: T) => unknown
}

/** The kinds of fields. */
export const field = {
  /** A string that matches as a whole. */
  text: (pattern: RegExp): Field<string> => ({
    read: (json) => (typeof json === "string" && pattern.test(json) ? json : undefined),
    write: (value) => value,
  }),
  choice: <const T extends string>(choices: readonly T[]): Field<T> => ({
    read: (json) => choices.find((choice) => choice === json),
    write: (value) => value,
  }),
  /** An integer from `min` to `max`. */
  integer: (min: number, max: number): Field<number> => ({
    read: (json) => {
      const fits = typeof json === "number" && Number.isInteger(json) && json >= min && json <= max
      return fits ? json : undefined
    },
    write: (value) => value,
  }),
  /** `min` to `max` bytes, in strict base64. */
  bytes: (min: number, max = min): Field<Uint8Array> => ({
    read: (json) => readBytes(json, min, max),
    write: encodeBase64,
  }),
  /** `min` to `max` items. */
  list: <T>(item: Field<T>, min: number, max: number): Field<readonly T[]> => ({
    read: (json) => {
      if (!Array.isArray(json) || json.length < min || json.length > max) return undefined
      const values = json.map((entry) => item.read(entry)).filter((value) => value !== undefined)
      return values.length === json.length ? values : undefined
    },
    write: (values) => values.map((value) => item.write(value)),
  }),
}

/** Any field, whatever its value: what a table may hold. */
interface AnyField {
  readonly read: (json: unknown) => unknown
  readonly write: (value: never) => unknown
}
type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

export interface TextFile<T> {
  /** @throws HsmError MALFORMED_REQUEST that names the format and the field. */
  parse(text: string): T
  /** Ends with a line feed. */
  render(values: T): string
}

/** Defines a file format by its name, such as `keyhold/share/v1`, and its fields. */
export function textFile<F extends Readonly<Record<string, AnyField>>>(
  format: string,
  fields: F,
): TextFile<Values<F>> {
  // Erases the fields' own types: each is only ever given a value of its own.
  const table = Object.entries(fields) as [string, Field<unknown>][]
  return {
    parse: (text) => {
      const json = readObject(text, format)
      const names = new Set(["format", ...table.map(([name]) => name)])
      const foreign = Object.keys(json).find((name) => !names.has(name))
      if (foreign !== undefined) throw malformed(format, `unknown field ${foreign}`)
      const values = table.map(([name, { read }]) => {
        const value = read(json[name])
        if (value === undefined) throw malformed(format, `${name} is missing or wrong`)
        return [name, value]
      })
      // Every field of the table has just been read by its own reader.
      return Object.fromEntries(values) as Values<F>
    },
    render: (values) => {
      const held = values as Readonly<Record<string, unknown>>
      const written = table.map(([name, { write }]) => [name, write(held[name])])
      return `${JSON.stringify({ format, ...Object.fromEntries(written) }, undefined, 2)}\n`
    },
  }
}

function readObject(text: string, format: string): JsonObject {
  const json = text.length > fileLengthMax ? undefined : parseStrictly(text)
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw malformed(format, "not a JSON object, or one with a field twice")
  }
  // Array.isArray does not narrow read-only arrays.
  const object = json as JsonObject
  if (object["format"] === format) return object
  throw malformed(format, "it names another format, or none")
}

function parseStrictly(text: string): JsonValue | undefined {
  try {
    return parseJson(Buffer.from(text), depthMax)
  } catch {
    return undefined
  }
}

function readBytes(json: unknown, min: number, max: number): Uint8Array | undefined {
  if (typeof json !== "string") return undefined
  try {
    const bytes = decodeBase64(json, "")
    return bytes.length >= min && bytes.length <= max ? bytes : undefined
  } catch {
    return undefined
  }
}

function malformed(format: string, problem: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", `not a file of format ${format}: ${problem}`)
}
