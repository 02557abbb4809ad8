/** A statement in words: from the very bytes that are signed, and from nothing else. */

import { readCanonical } from "../codec/canonical-reader.ts"
import type { CanonicalField } from "../codec/canonical.ts"
import { CodecError } from "../codec/error.ts"
import { CliError } from "./failure.ts"

/** Titles of a statement's first fields: docs/formats/request.md. */
const heads = [
  "request",
  "partition",
  "operation",
  "mechanism",
  "key",
  "key's name",
  "key's version",
  "key's fingerprint",
  "rule",
  "nonce",
  "asked at",
  "expires at",
] as const
const times: readonly string[] = ["asked at", "expires at"]

/** By purpose, what becomes of an approval. */
const kinds: ReadonlyMap<string, string> = new Map([
  ["approval", "a request: the node keeps it, and it can be stopped until it is done"],
  ["call", "a call that brings your approval along, once: nobody can take it back"],
])

/** Bytes shown in hexadecimal, of what is longer. */
const shownBytes = 1_024

/**
 * What a statement says, a line for each field.
 *
 * @throws {@link CliError} USAGE when the bytes are no statement of a request.
 */
export function describeStatement(statement: Uint8Array): readonly (readonly [string, string])[] {
  const { purpose, clusterId, fields } = read(statement)
  const how = kinds.get(purpose)
  if (how === undefined || fields.length < heads.length) {
    throw new CliError("USAGE", "this is no statement of a request")
  }
  const head = heads.map((title, at) => [title, showHead(title, fields[at] ?? "")] as const)
  const lines: (readonly [string, string])[] = [["kind", how], ["cluster", clusterId], ...head]
  for (let at = heads.length; at < fields.length; at += 2) {
    lines.push([show(fields[at] ?? ""), show(fields[at + 1] ?? "")])
  }
  return lines
}

/** When a statement's request expires, ms since 1970. */
export function expiryOf(statement: Uint8Array): number {
  return Number(read(statement).fields[heads.indexOf("expires at")] ?? 0)
}

function read(statement: Uint8Array): ReturnType<typeof readCanonical> {
  try {
    return readCanonical(statement)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    throw new CliError("USAGE", `this is no statement of a request: it ${error.message}`)
  }
}

function showHead(title: string, field: CanonicalField): string {
  return times.includes(title) ? new Date(Number(field)).toISOString() : show(field)
}

/** Text as it is, bytes by their length and as text or hexadecimal; no control characters. */
function show(field: CanonicalField): string {
  if (typeof field !== "object") return String(field).replaceAll(/\p{Cc}/gu, "\u{fffd}")
  const text = printable(field)
  if (text !== undefined) return `${field.length} bytes, the text ${JSON.stringify(text)}`
  const more = field.length > shownBytes ? ` … and ${field.length - shownBytes} more` : ""
  return `${field.length} bytes, ${field.subarray(0, shownBytes).toHex()}${more}`
}

/** The text that bytes are; undefined when a terminal could not show all of it. */
function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
    return bytes.length > 0 && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
