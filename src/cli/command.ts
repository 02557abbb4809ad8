/** What a row of the command table is. */

import type { Keyhold } from "@keyhold/sdk"
import type { Input, StandardInput } from "./input.ts"
import type { Output } from "./output.ts"

/** What a command works with. */
export interface CliContext {
  readonly out: Output
  readonly stdin: StandardInput
  /** The client, made and loaded when the first command asks for it. */
  readonly connect: () => Promise<Keyhold>
}

/** Flags as commander writes them, and what they are for. Repeatable: `<value...>`. */
export type OptionRow = readonly [flags: string, description: string]

export interface Command {
  /** Its words and arguments: `key create <name>`. */
  readonly usage: string
  readonly summary: string
  /** More for `--help`, where the summary is not enough. */
  readonly description?: string
  readonly options?: readonly OptionRow[]
  /** Commander refuses the command without these. */
  readonly required?: readonly OptionRow[]
  /** A whole command line that works. */
  readonly example: string
  readonly run: (context: CliContext, input: Input) => Promise<void>
}

/** Where bytes go instead of standard output. */
export const outputOption: OptionRow = ["-o, --output <file>", "write there, once it is complete"]
