/**
 * JSON (RFC 8259) as a security boundary reads it: one text has one meaning.
 *
 * `JSON.parse` does the parsing. What it forgives is found afterwards in one scan of the text and
 * one walk of the result: names that occur twice, of which it keeps the last; the name `__proto__`;
 * lone surrogates, which have no UTF-8; and nesting without a bound.
 */

import { CodecError } from "./error.ts"

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [name: string]: JsonValue
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/**
 * Parses a UTF-8 document.
 *
 * @param depthMax - arrays and objects inside each other; a bare number has depth 0.
 * @throws {@link CodecError} with the JSON pointer of the offending part, empty for the whole.
 */
export function parseJson(bytes: Uint8Array, depthMax: number): JsonValue {
  const text = decodeUtf8(bytes)
  const value = parseText(text)
  const named = walk(value, depthMax, [])
  if (countColons(text) !== named) throw new CodecError(findDuplicate(text), "occurs twice")
  return value
}

/** Appends a name to a JSON pointer (RFC 6901 section 3). */
export function pointerTo(parent: string, name: string | number): string {
  return `${parent}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new CodecError("", "is not UTF-8")
  }
}

function parseText(text: string): JsonValue {
  try {
    // The grammar of JSON is exactly this type.
    return JSON.parse(text) as JsonValue
  } catch {
    throw new CodecError("", "is not JSON")
  }
}

/** Checks names, strings and depth; answers how many names all objects have together. */
function walk(value: JsonValue, depthLeft: number, path: (string | number)[]): number {
  if (typeof value === "string") return checkText(value, path)
  if (typeof value !== "object" || value === null) return 0
  if (depthLeft === 0) throw refuse(path, "is nested too deeply")
  let named = 0
  if (isArray(value)) {
    for (const [index, item] of value.entries()) named += step(item, index, depthLeft, path)
    return named
  }
  for (const name of Object.keys(value)) {
    if (name === "__proto__") throw refuse([...path, name], "is not allowed")
    checkText(name, path)
    // The name has just been listed.
    named += 1 + step(value[name] as JsonValue, name, depthLeft, path)
  }
  return named
}

function step(
  value: JsonValue,
  name: string | number,
  depthLeft: number,
  path: (string | number)[],
): number {
  path.push(name)
  const named = walk(value, depthLeft - 1, path)
  path.pop()
  return named
}

function checkText(text: string, path: readonly (string | number)[]): 0 {
  if (!text.isWellFormed()) throw refuse(path, "holds half of a surrogate pair")
  return 0
}

function refuse(path: readonly (string | number)[], message: string): CodecError {
  return new CodecError(path.reduce<string>(pointerTo, ""), message)
}

/** `Array.isArray` does not narrow a readonly array. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Colons outside strings: in a valid text, one for each name that is written. */
function countColons(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === colon) count++
  }
  return count
}

/** Index of the quote that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}

/** One object or array that is open in a valid text. */
interface Open {
  /** Undefined for an array. */
  readonly names: Set<string> | undefined
  /** Name or index of the value being read. */
  current: string | number
}

/** Slow and exact, for a text that is known to hold a duplicate: the pointer to it. */
function findDuplicate(text: string): string {
  const open: Open[] = []
  for (let at = 0; at < text.length; at++) {
    const top = open.at(-1)
    const char = text[at]
    if (char === "{") open.push({ names: new Set(), current: "" })
    else if (char === "[") open.push({ names: undefined, current: 0 })
    else if (char === "}" || char === "]") open.pop()
    else if (char === "," && typeof top?.current === "number") top.current++
    else if (char === '"') {
      const start = at
      at = endOfString(text, start)
      if (top?.names === undefined || !isName(text, at)) continue
      // A string of a text that has been parsed.
      top.current = JSON.parse(text.slice(start, at + 1)) as string
      if (top.names.has(top.current)) return pointer(open)
      top.names.add(top.current)
    }
  }
  return ""
}

function pointer(open: readonly Open[]): string {
  return open.reduce((parent, { current }) => pointerTo(parent, current), "")
}

/** A string is a name when a colon follows it. */
function isName(text: string, end: number): boolean {
  let next = end + 1
  while (" \t\r\n".includes(text.charAt(next))) next++
  return text.charCodeAt(next) === colon
}
