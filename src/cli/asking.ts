/** Commands whose operation others may have to approve: done at once, or asked for instead. */

import { isOpen, type Request, type RequestedOperation } from "@keyhold/sdk"
import type { CliContext, OptionRow } from "./command.ts"
import type { Input } from "./input.ts"
import type { Columns } from "./output.ts"

/** Of every command whose operation a rule can be about. */
export const requestOption: OptionRow = [
  "--request <reason>",
  "ask others to approve it: answers with the request",
]

/** Asks for the operation, where the command line says so; then the command is done. */
export async function askedInstead(
  { out, connect }: CliContext,
  input: Input,
  asked: RequestedOperation,
): Promise<boolean> {
  const reason = input.maybe("request")
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
