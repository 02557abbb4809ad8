/** Makes commander's tree of commands from the table. */

import { Command as Commander, Option } from "commander"
import type { CliContext, Command, OptionRow } from "./command.ts"
import { Input } from "./input.ts"

/** Options that every command takes. */
export const globalOptions: readonly OptionRow[] = [
  ["--json", "answer with JSON"],
  ["--url <url>", "the node (KEYHOLD_URL)"],
  ["--ca-file <file>", "certificate authorities to trust (KEYHOLD_CA_FILE)"],
  ["--token-file <file>", "file that holds the token (KEYHOLD_TOKEN_FILE, KEYHOLD_TOKEN)"],
  ["--client-cert <file>", "certificate to prove who asks (KEYHOLD_CLIENT_CERT_FILE)"],
  ["--client-key <file>", "its private key (KEYHOLD_CLIENT_KEY_FILE)"],
  ["--as <role>", "of a development HSM: act in this role"],
  ["--timeout <seconds>", "how long one call may take"],
]

/** What the words above commands are about. */
export const groupSummaries: Readonly<Record<string, string>> = {
  key: "Make, find, change and retire keys",
  certificate: "Ask for certificates, issue them, keep them beside their keys",
  timestamp: "Timestamps (RFC 3161) by a key",
  request: "Operations that wait for approvals",
  approver: "Approvers by invitation, with a one-time code",
  webhook: "Whom the node tells what becomes of requests",
  principal: "Who may do what in the partition",
  "key-store": "External key stores, through which AWS KMS uses keys",
  issuer: "Issuers of JWTs that the partition trusts",
  partition: "The caller's own partition",
  partitions: "All partitions, for the cluster's operator",
  audit: "Read and verify the log",
  completion: "Make the shell complete words",
  custodian: "What a custodian does on his own machine",
}

const surroundings = `
Without --url, the development HSM of this folder or one above is used (.keyhold/dev.json), or
that of the folder that KEYHOLD_DATA names. The daemon's commands: keyhold dev, serve, init.
Exit codes: 0 done, 1 refused or failed, 2 usage, 3 a verification said no.`

export interface ProgramOptions {
  readonly commands: readonly Command[]
  /** Makes the context once the global options are known. */
  readonly context: (globals: Input) => CliContext
  readonly write: { readonly out: (text: string) => void; readonly err: (text: string) => void }
}

/** Builds the program; parsing throws commander's own error instead of ending the process. */
export function buildProgram({ commands, context, write }: ProgramOptions): Commander {
  const program = new Commander("keyhold")
    .description("Keys that you can use and nobody can read.")
    .addHelpText("after", surroundings)
  prepare(program, write)
  addOptions(program, globalOptions)
  for (const command of commands) {
    const words = wordsOf(command)
    const parent = words
      .slice(0, -1)
      .reduce((above, word) => subcommand(above, word, write), program)
    const leaf = parent.command(words.at(-1) ?? "")
    prepare(leaf, write)
    addLeaf(leaf, command, context)
  }
  return program
}

/** A command's words without its arguments. */
export function wordsOf({ usage }: Command): readonly string[] {
  return usage.split(" ").filter((word) => !/^[<[]/.test(word))
}

function prepare(command: Commander, write: ProgramOptions["write"]): void {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write.out, writeErr: write.err })
}

function subcommand(above: Commander, word: string, write: ProgramOptions["write"]): Commander {
  const existing = above.commands.find((command) => command.name() === word)
  if (existing !== undefined) return existing
  const made = above.command(word).description(groupSummaries[word] ?? "")
  prepare(made, write)
  return made
}

function addLeaf(leaf: Commander, command: Command, context: ProgramOptions["context"]): void {
  const { usage, summary, description, options = [], required = [], example, run } = command
  leaf
    .summary(summary)
    .description(description === undefined ? summary : `${summary}\n\n${description}`)
  leaf.addHelpText("after", `\nExample:\n  $ ${example}`)
  for (const argument of usage.split(" ").filter((word) => /^[<[]/.test(word))) {
    leaf.argument(argument)
  }
  addOptions(leaf, required, { mandatory: true })
  addOptions(leaf, options)
  leaf.action(async (...all: unknown[]) => {
    const values: Record<string, unknown> = leaf.optsWithGlobals()
    for (const [index, one] of leaf.registeredArguments.entries()) values[one.name()] = all[index]
    const input = new Input(values)
    await run(context(input), input)
  })
}

function addOptions(
  command: Commander,
  rows: readonly OptionRow[],
  { mandatory = false } = {},
): void {
  for (const [flags, description] of rows) {
    const option = new Option(flags.replace("...>", ">"), description)
    option.makeOptionMandatory(mandatory)
    // Repeated, not greedy: `--tag a=b orders` leaves the name alone.
    if (flags.endsWith("...>")) option.argParser(collect)
    command.addOption(option)
  }
}

function collect(value: string, before: unknown): readonly string[] {
  return Array.isArray(before) ? [...before.map(String), value] : [value]
}
