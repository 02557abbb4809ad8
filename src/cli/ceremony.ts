/** `keyhold custodian`: what a custodian does on his own machine, before and after a ceremony. */

import { randomBytes } from "node:crypto"
import { open, readFile } from "node:fs/promises"

import { createCustodianKey, describeShare } from "../sealing/custodian.ts"
import type { CliContext, Command } from "./command.ts"
import { CliError } from "./failure.ts"
import type { Input } from "./input.ts"
import { passwordOption, readPassword } from "./password.ts"

/** Rows of the command table. */
export const custodianCommands: readonly Command[] = [
  {
    usage: "custodian new",
    summary: "Make a custodian's key pair on this machine",
    description:
      "Writes the private half, encrypted under a password of at least 12 characters, and prints " +
      "the public half, which goes into the configuration of the ceremony.",
    required: [["--out <file>", "where the key file goes, such as anna.khc"]],
    options: [passwordOption],
    example: "keyhold custodian new --out anna.khc",
    run: newCustodian,
  },
  {
    usage: "custodian show <share>",
    summary: "Show the patterns of a share, to compare with the ceremony's transcript",
    required: [["--key <file>", "the custodian's key file"]],
    options: [passwordOption],
    example: "keyhold custodian show share-anna.khs --key anna.khc",
    run: showShare,
  },
]

async function newCustodian(context: CliContext, input: Input): Promise<void> {
  const file = input.text("out")
  using password = await readPassword(context, input, [
    `Password for ${file}, at least 12 characters:`,
    "The same again:",
  ])
  const random = { bytes: (count: number) => Uint8Array.from(randomBytes(count)) }
  const made = await orExplain(createCustodianKey(random, password))
  await writeNew(file, made.file)
  await context.out.record({ file, publicKey: made.publicText, pattern: made.pattern }, [
    ["file", (item) => item.file],
    ["pattern", (item) => item.pattern],
    ["public key", (item) => item.publicKey],
  ])
}

async function showShare(context: CliContext, input: Input): Promise<void> {
  const share = await readFile(input.text("share"), "utf8")
  const keyFile = input.text("key")
  const key = await readFile(keyFile, "utf8")
  using password = await readPassword(context, input, [`Password of ${keyFile}:`])
  const description = await orExplain(describeShare({ share, key, password }))
  await context.out.record(description, [
    ["cluster", (item) => item.clusterId],
    ["custodian", (item) => item.custodian],
    ["part", (item) => item.part],
    ["master key pattern", (item) => item.keyPattern],
    ["part pattern", (item) => item.partPattern],
  ])
}

/**
 * Turns an operating error of sealing into the command line's own: its sentence is meant for
 * people. Anything else passes as it is.
 */
export async function orExplain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const isOperating = error instanceof Error && ["HsmError", "CodecError"].includes(error.name)
    throw isOperating ? new CliError("FILE", error.message) : error
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600)
  await file.writeFile(text)
  await file.sync()
}
