/** `keyhold approver ...`: approvers by invitation. */

import type { InvitedApprover, NamedApprover } from "@keyhold/sdk"
import type { CliContext, Command } from "../command.ts"
import type { Columns } from "../output.ts"

const columns: Columns<NamedApprover> = [
  ["name", ({ name }) => name],
  ["state", ({ state }) => state],
  ["fingerprint", ({ fingerprint }) => fingerprint ?? ""],
  ["key seen by a node", ({ keySeen = false }) => (keySeen ? "yes" : "")],
  ["code expires", ({ codeExpiresAt }) => codeExpiresAt ?? ""],
]

const how =
  "He brings his key at /v1/approver/onboard (docs/operate/tsb.md). The code is shown once: it " +
  "goes to standard output, alone."

export const approverCommands: readonly Command[] = [
  {
    usage: "approver create <name>",
    summary: "Invite an approver",
    description: how,
    example: "keyhold approver create anna@example.com > anna.code",
    async run({ out, connect }, input) {
      const kh = await connect()
      await show(out, await kh.approvers.create(input.text("name")))
    },
  },
  {
    usage: "approver renew-code <name>",
    summary: "Replace the one-time code of an approver who has no key yet",
    description: how,
    example: "keyhold approver renew-code anna@example.com > anna.code",
    async run({ out, connect }, input) {
      const kh = await connect()
      await show(out, await kh.approvers.renewCode(input.text("name")))
    },
  },
  {
    usage: "approver list",
    summary: "List invited approvers, with their keys and without",
    example: "keyhold approver list",
    async run({ out, connect }) {
      const kh = await connect()
      await out.table([...(await kh.approvers.list())], columns)
    },
  },
  {
    usage: "approver delete <name>",
    summary: "Delete an approver; rules that hold his key hold it still",
    example: "keyhold approver delete anna@example.com",
    async run({ out, connect }, input) {
      const kh = await connect()
      const name = input.text("name")
      await kh.approvers.delete(name)
      await out.document({ deleted: name }, `deleted ${name}`)
    },
  },
]

async function show(out: CliContext["out"], invited: InvitedApprover): Promise<void> {
  const { approver, code } = invited
  out.note(`approver ${approver.name}, until ${approver.codeExpiresAt ?? ""}`)
  await out.document(invited, code)
}
