/** Commands whose operation others may have to approve: done at once, or asked for instead. */

import { isOpen, type Request, type RequestedOperation } from "@keyhold/sdk"
import { writeFile } from "node:fs/promises"
import type { CliContext, OptionRow } from "./command.ts"
import { CliError } from "./failure.ts"
import type { Input } from "./input.ts"
import type { Columns } from "./output.ts"

/** Of every command whose operation a rule can be about. */
export const askingOptions: readonly OptionRow[] = [
  ["--request <reason>", "ask others to approve it: answers with the request"],
  ["--stamp <file>", "have it stamped into a file that others approve: see keyhold call"],
]

/** Asks for the operation, where the command line says so; then the command is done. */
export async function askedInstead(
  { out, connect }: CliContext,
  input: Input,
  asked: RequestedOperation,
): Promise<boolean> {
  const [reason, path] = [input.maybe("request"), input.maybe("stamp")]
  if (path !== undefined) {
    if (reason !== undefined) throw new CliError("USAGE", "either --request or --stamp")
    const kh = await connect()
    const { id, stamp, statement } = await kh.call("stampCall", { body: { asked } })
    const file = { format: "keyhold-call", id, statement, stamp, asked }
    await writeFile(path, `${JSON.stringify(file)}\n`, { mode: 0o600 })
    out.note(`Others approve it: keyhold approve ${path} --key-file KEY --output WORD`)
    return true
  }
  if (reason === undefined) return false
  const kh = await connect()
  await out.record(await kh.requests.create(asked, { reason }), requestFields)
  return true
}

/** A request in a list. */
export const requestColumns: Columns<Request> = [
  ["id", ({ id }) => id],
  ["state", ({ state }) => state],
  ["operation", ({ operation }) => operation],
  ["key", ({ key }) => key?.name],
  ["asked at", ({ createdAt }) => createdAt],
  ["expires at", (request) => (isOpen(request) ? request.expiresAt : "")],
  ["reason", ({ reason }) => reason],
]
export const requestFields: Columns<Request> = [
  ...requestColumns,
  ["mechanism", ({ mechanism }) => mechanism],
  ["asked by", ({ requester }) => requester],
  ["said", (request) => request.words.map(({ word, name }) => `${name}: ${word}`).join(", ")],
  ["still asked", (request) => stillAsked(request)],
  ["ended at", ({ finishedAt }) => finishedAt],
  ["failed for", ({ failure }) => failure && `${failure.code}: ${failure.detail}`],
]

function stillAsked({ approvers = [], state }: Request): string {
  if (state !== "pending") return ""
  return approvers
    .filter(({ word }) => word === undefined)
    .map(({ name }) => name)
    .join(", ")
}
