/** Runs command lines inside this process, against a fake node. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable, Writable } from "node:stream"
import type { TestContext } from "node:test"
import type { StandardInput } from "../../src/cli/input.ts"
import type { Screen } from "../../src/cli/output.ts"
import { runCli } from "../../src/cli/run.ts"
import { startFakeNode, type Answer, type FakeNode } from "../support/fake-node.ts"

export interface Ran {
  readonly code: number
  readonly stdout: Buffer
  /** Standard output as text. */
  readonly text: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly variables?: Readonly<Record<string, string>>
  /** Standard input, output and error are a terminal. */
  readonly terminal?: boolean
}

/** Runs one command line with the variables that are given alone. */
export async function run(
  args: readonly string[],
  { stdin = "", variables = {}, terminal = false }: RunOptions = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Sink(terminal), new Sink(terminal)]
  const input: StandardInput = Object.assign(Readable.from([Buffer.from(stdin)]), {
    isTTY: terminal,
  })
  const code = await runCli(args, { stdin: input, stdout, stderr, variables })
  const bytes = stdout.content()
  return { code, stdout: bytes, text: bytes.toString("utf8"), stderr: stderr.content().toString() }
}

class Sink extends Writable implements Screen {
  readonly isTTY: boolean
  readonly #pieces: Buffer[] = []

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  override _write(piece: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.#pieces.push(Buffer.from(piece))
    done()
  }

  content(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

export function temporaryFolder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "keyhold-cli-"))
  context.after(() => rmSync(path, { recursive: true }))
  return path
}

export interface Setup {
  readonly node: FakeNode
  readonly folder: string
  /** Runs a command line against the fake node. */
  readonly cli: (args: readonly string[], options?: RunOptions) => Promise<Ran>
  /** Writes a file into the folder and answers with its path. */
  readonly file: (name: string, content: string | Uint8Array) => string
}

/** A fake node, a folder, and a command line that finds the node by its `dev.json`. */
export async function setUp(context: TestContext, answer: Answer): Promise<Setup> {
  const node = await startFakeNode(context, answer)
  const folder = temporaryFolder(context)
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const tokens = { user: "U", manager: "M", auditor: "A", officer: "O", operator: "P" }
  file("dev.json", JSON.stringify({ url: node.url, caFile: file("ca.pem", node.ca), tokens }))
  const variables = { KEYHOLD_DATA: folder }
  const cli: Setup["cli"] = (args, options = {}) =>
    run(args, { ...options, variables: { ...variables, ...options.variables } })
  return { node, folder, cli, file }
}
