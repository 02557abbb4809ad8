/** Writes results: tables for people, JSON for programs, bytes for files and pipes. */

import { once } from "node:events"
import { open, rename, rm } from "node:fs/promises"
import type { Writable } from "node:stream"
import type { ByteSource } from "@keyhold/sdk"
import { CliError } from "./failure.ts"
import { withProgress } from "./progress.ts"

/** A stream that may be a terminal. */
export type Screen = Writable & {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

type Cell = string | number | boolean | undefined | null
/** A column's title, and what it shows of an item. */
export type Columns<T> = readonly (readonly [title: string, cell: (item: T) => Cell])[]

export interface OutputOptions {
  readonly stdout: Screen
  readonly stderr: Screen
  readonly json: boolean
}

export class Output {
  readonly #stdout: Screen
  readonly #stderr: Screen
  readonly json: boolean

  constructor({ stdout, stderr, json }: OutputOptions) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.json = json
  }

  /** One object: a line per column for people. */
  async record<T>(item: T, columns: Columns<T>): Promise<void> {
    if (this.json) return this.#writeJson(item)
    const rows = columns
      .map(([title, cell]) => [title, show(cell(item))])
      .filter(([, text]) => text !== "")
    await this.text(align(rows))
  }

  /** Many objects: a row each for people, an array for programs. */
  async table<T>(items: readonly T[], columns: Columns<T>): Promise<void> {
    if (this.json) return this.#writeJson(items)
    const titles = columns.map(([title]) => title.toUpperCase())
    const rows = items.map((item) => columns.map(([, cell]) => show(cell(item))))
    if (rows.length === 0) this.note("none")
    else await this.text(align([titles, ...rows]))
  }

  /** A sentence or a document for people; `value` for programs. */
  async document(value: unknown, text: string): Promise<void> {
    if (this.json) await this.#writeJson(value)
    else await this.text(text.endsWith("\n") ? text : `${text}\n`)
  }

  /** What is only worth saying, not part of the result. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** Text as it is. */
  text(text: string): Promise<void> {
    return write(this.#stdout, Buffer.from(text))
  }

  /**
   * Bytes into a file, or to standard output unless that is a terminal. The source is not begun
   * before it is sure that the bytes have somewhere to go; a file appears only once it is complete.
   *
   * @param total - the length of what is read for it, when known: for the progress bar.
   */
  async bytes(source: ByteSource, path: string | undefined, total?: number): Promise<void> {
    if (path !== undefined && path !== "-") {
      return writeFile(withProgress(source, this.#stderr, total), path)
    }
    if (this.#stdout.isTTY === true) {
      const hint = "redirect it, as in > FILE, or name a file with --output"
      throw new CliError("USAGE", "binary content is not written to a terminal", hint)
    }
    for await (const piece of withProgress(source, this.#stderr, total)) {
      await write(this.#stdout, piece)
    }
  }

  #writeJson(value: unknown): Promise<void> {
    return this.text(`${JSON.stringify(value, null, 2)}\n`)
  }
}

/** Makes a call only when its bytes are asked for. */
export async function* lazily(
  call: () => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  yield await call()
}

async function writeFile(source: ByteSource, path: string): Promise<void> {
  const part = `${path}.part`
  const file = await open(part, "w")
  try {
    for await (const piece of source) await file.writeFile(piece)
    await file.close()
    await rename(part, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(part, { force: true })
    throw error
  }
}

async function write(stream: Screen, bytes: Uint8Array): Promise<void> {
  if (!stream.write(bytes)) await once(stream, "drain")
}

/** Left-aligned columns, two blanks apart. */
function align(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((text, column) => {
      widths[column] = Math.max(widths[column] ?? 0, text.length)
    })
  }
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("")
}

/** A cell as text. Control characters come from other people's descriptions: they do not pass. */
function show(cell: Cell): string {
  if (cell === undefined || cell === null) return ""
  if (typeof cell === "boolean") return cell ? "yes" : "no"
  return String(cell).replaceAll(/\p{Cc}/gu, "\u{fffd}")
}
