/** One run of the command line, from its words to its exit code; knows no process. */

import type { Keyhold } from "@keyhold/sdk"
import { CommanderError } from "commander"
import type { CliContext } from "./command.ts"
import { describeFailure, exitCodes, type ExitCode, type Shown } from "./failure.ts"
import { loadCommands } from "./groups.ts"
import type { Input, StandardInput } from "./input.ts"
import { Output, type Screen } from "./output.ts"
import { buildProgram } from "./program.ts"

/** What surrounds a run. */
export interface Surroundings {
  readonly stdin: StandardInput
  readonly stdout: Screen
  readonly stderr: Screen
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Runs one command line, without the program's own name, and answers with its exit code. */
export async function runCli(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { stdout, stderr } = around
  const word = args.find((arg) => !arg.startsWith("-"))
  const clients: Keyhold[] = []
  const program = buildProgram({
    commands: await loadCommands(word),
    context: (globals) => makeContext(globals, around, clients),
    write: { out: (text) => void stdout.write(text), err: (text) => void stderr.write(text) },
  })
  try {
    await program.parseAsync(args, { from: "user" })
    return exitCodes.ok
  } catch (error) {
    // Commander has shown its own: help, or what is wrong with the words.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage
    const shown = describeFailure(error)
    if (shown === undefined) throw error
    showFailure(shown, stderr, args.includes("--json"))
    return shown.exitCode
  } finally {
    for (const client of clients) client.close()
  }
}

function makeContext(globals: Input, around: Surroundings, clients: Keyhold[]): CliContext {
  const { stdin, stdout, stderr, variables } = around
  return {
    stdin,
    out: new Output({ stdout, stderr, json: globals.flag("json") }),
    async connect() {
      const { connect } = await import("./connect.ts")
      const client = connect(globals, variables)
      clients.push(client)
      return client
    },
  }
}

function showFailure(shown: Shown, stderr: Screen, json: boolean): void {
  const { exitCode: _, ...fields } = shown
  if (json) {
    stderr.write(`${JSON.stringify(fields)}\n`)
    return
  }
  const { code, detail, field, rule, requestId, hint } = fields
  const about = [
    code,
    field === undefined ? "" : `field ${field}`,
    rule === undefined ? "" : `rule ${rule}`,
    requestId === undefined ? "" : `request ${requestId}`,
  ].filter((part) => part !== "")
  // Details come from the node: no control characters for the terminal.
  const line = `keyhold: ${detail} (${about.join(", ")})`.replaceAll(/\p{Cc}/gu, " ")
  stderr.write(`${line}\n${hint === undefined ? "" : `  ${hint}\n`}`)
}
