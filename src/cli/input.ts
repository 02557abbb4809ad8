/** Reads what a command was given: options and arguments, strictly; files and standard input. */

import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import type { Readable } from "node:stream"
import { decodeBase64 } from "../codec/base64.ts"
import { CliError } from "./failure.ts"

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Options and arguments by name, as the command line parser found them. */
export class Input {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  /** A value that the parser has made sure of. */
  text(name: string): string {
    const value = this.maybe(name)
    if (value === undefined) throw new CliError("USAGE", `${name} is missing`)
    return value
  }

  maybe(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === "string" ? value : undefined
  }

  /** True when the option or argument was given, whatever it is. */
  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  /** True when the option was given, else undefined: the node's default holds. */
  on(name: string): true | undefined {
    return this.flag(name) ? true : undefined
  }

  /** False when the option (`--not-x`) was given, else undefined. */
  off(name: string): false | undefined {
    return this.flag(name) ? false : undefined
  }

  /** An option that may be repeated; undefined when it was not given. */
  list(name: string): readonly string[] | undefined {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : undefined
  }

  /** One of a closed set, which the parser has made sure of. */
  one<const T extends string>(name: string, allowed: readonly T[]): T {
    return choose(name, this.text(name), allowed)
  }

  /** One of a closed set. */
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.maybe(name)
    return value === undefined ? undefined : choose(name, value, allowed)
  }

  /** Several of a closed set. */
  someOf<const T extends string>(name: string, allowed: readonly T[]): readonly T[] | undefined {
    return this.list(name)?.map((value) => choose(name, value, allowed))
  }

  integer(name: string): number | undefined {
    const value = this.maybe(name)
    if (value === undefined) return undefined
    if (!/^\d{1,15}$/.test(value)) throw new CliError("USAGE", `${name} is a whole number`)
    return Number(value)
  }

  /** `90`, `90s`, `15m`, `12h`, `30d` in seconds. */
  seconds(name: string): number | undefined {
    const value = this.maybe(name)
    if (value === undefined) return undefined
    const [, count, unit = "s"] = /^(\d{1,9})([smhd])?$/.exec(value) ?? []
    if (count === undefined) {
      throw new CliError("USAGE", `${name} is a time such as 90s, 15m, 12h or 30d`)
    }
    // The pattern has no other unit.
    return Number(count) * unitSeconds[unit as keyof typeof unitSeconds]
  }

  /** `name=value`, repeated. */
  pairs(name: string): Readonly<Record<string, string>> | undefined {
    const list = this.list(name)
    return list === undefined ? undefined : Object.fromEntries(list.map((one) => pair(name, one)))
  }
}

function choose<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found !== undefined) return found
  throw new CliError("USAGE", `${name} is one of ${allowed.join(", ")}`)
}

function pair(name: string, text: string): [string, string] {
  const at = text.indexOf("=")
  if (at < 1) throw new CliError("USAGE", `${name} has the form name=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Standard input, or a terminal in its place. */
export type StandardInput = Readable & { readonly isTTY?: boolean | undefined }

/** Content to read, and its length where that is known. */
export interface Source {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly length: number | undefined
}

const pieceBytes = 256 * 1024

/**
 * Opens a file, or standard input for `-` and for no name at all.
 *
 * @throws {@link CliError} USAGE when nobody names a file and a person sits at the terminal.
 */
export async function openSource(path: string | undefined, stdin: StandardInput): Promise<Source> {
  if (path !== undefined && path !== "-") {
    const { size } = await stat(path)
    return { bytes: createReadStream(path, { highWaterMark: pieceBytes }), length: size }
  }
  if (path === undefined && stdin.isTTY === true) {
    throw new CliError("USAGE", "no content", "name a file, or pipe the content in")
  }
  return { bytes: stdin, length: undefined }
}

/** The longest content that one call takes, and what to do about longer content. */
export interface Limit {
  readonly bytesMax: number
  readonly hint: string
}

/**
 * Reads a file or standard input whole.
 *
 * @throws {@link CliError} USAGE
 */
export async function readAll(
  path: string | undefined,
  stdin: StandardInput,
  limit: Limit,
): Promise<Buffer> {
  const { bytes, length = 0 } = await openSource(path, stdin)
  if (length > limit.bytesMax) throw tooLong(limit)
  return collect(bytes, limit)
}

/** Reads a source whole. @throws {@link CliError} USAGE */
export async function collect(bytes: AsyncIterable<Uint8Array>, limit: Limit): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let read = 0
  for await (const piece of bytes) {
    read += piece.length
    if (read > limit.bytesMax) throw tooLong(limit)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function tooLong({ bytesMax, hint }: Limit): CliError {
  return new CliError("USAGE", `the content has more than ${bytesMax} bytes`, hint)
}

/** Reads base64 that a person gave, with line breaks or without. @throws {@link CliError} USAGE */
export function parseBase64(content: Uint8Array): Uint8Array {
  const text = Buffer.from(content).toString("latin1").replaceAll(/\s/g, "")
  try {
    return decodeBase64(text, "")
  } catch {
    throw new CliError("USAGE", "the content is not base64")
  }
}

/** Reads hexadecimal digits. @throws {@link CliError} USAGE */
export function parseHex(text: string): Uint8Array {
  if (/^(?:[0-9a-fA-F]{2})*$/.test(text)) return Uint8Array.fromHex(text)
  throw new CliError("USAGE", "is no hexadecimal number of whole bytes")
}

/** The first bytes of a source, and the whole source still. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ readonly head: Uint8Array; readonly bytes: AsyncIterable<Uint8Array> }> {
  const pieces = iterate(source)
  let head: Uint8Array = new Uint8Array()
  while (head.length < count) {
    const next = await pieces.next()
    if (next.done === true) break
    head = Buffer.concat([head, next.value])
  }
  return { head, bytes: resume(head, pieces) }
}

async function* iterate(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield* source
}

async function* resume(
  head: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield head
  yield* rest
}
