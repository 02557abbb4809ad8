/** `keyhold audit ...`: read, export and verify the log. */

import { createReadStream } from "node:fs"
import type { AuditRecord } from "@keyhold/sdk"
import type { CliContext, Command, OptionRow } from "../command.ts"
import { outputOption } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import type { Columns } from "../output.ts"

const filterOptions: readonly OptionRow[] = [
  ["--act <name>", "what was done, such as key.encrypt"],
  ["--key <id>", "a key's id"],
  ["--subject <id>", "who did it"],
  ["--since <time>", "this moment and later, such as 2026-11-23T09:30:00Z"],
  ["--until <time>", "before this moment"],
]

const columns: Columns<AuditRecord> = [
  ["no", ({ sequence }) => sequence],
  ["at", ({ at }) => at],
  ["act", ({ act }) => act],
  ["outcome", ({ outcome, code }) => (code === undefined ? outcome : `${outcome} ${code}`)],
  ["subject", ({ subject }) => subject],
  [
    "key",
    ({ keyId, keyVersion }) => (keyVersion === undefined ? keyId : `${keyId ?? ""} v${keyVersion}`),
  ],
  ["about", ({ target, note }) => target ?? note],
]

export const auditCommands: readonly Command[] = [
  {
    usage: "audit verify [file]",
    summary: "Verify the log: fetched now, or an export offline",
    description:
      "Finds any edited, removed, inserted, reordered or cut-off record up to the last\n" +
      "checkpoint. Exit code 3 when it finds one. Compare the key's fingerprint with the one\n" +
      "you trust, or name it with --trust.",
    options: [
      ["--trust <base64...>", "public key (SPKI) that may have signed; repeat for several"],
    ],
    example: "keyhold audit verify",
    run: verify,
  },
  {
    usage: "audit export",
    summary: "Export the log, with what it takes to verify it",
    options: [...filterOptions, outputOption],
    example: "keyhold audit export --since 2026-11-01T00:00:00Z --output november.jsonl",
    async run({ out, connect }, input) {
      const kh = await connect()
      const params = readFilters(input)
      const lines = await kh.call("exportAudit", { params })
      const path = input.maybe("output")
      if (path === undefined) for await (const text of lines) await out.text(text)
      else await out.bytes(toBytes(lines), path)
    },
  },
  {
    usage: "audit list",
    summary: "List records of the log",
    options: [...filterOptions, limitOption],
    example: "keyhold audit list --act key.delete --limit 20",
    async run({ out, connect }, input) {
      const kh = await connect()
      const records = kh.list("listAuditRecords", readFilters(input))
      await out.table(await collectItems(records, input), columns)
    },
  },
]

function readFilters(input: Input) {
  return {
    act: input.maybe("act"),
    key: input.maybe("key"),
    subject: input.maybe("subject"),
    since: input.maybe("since"),
    until: input.maybe("until"),
  }
}

async function verify({ out, connect }: CliContext, input: Input): Promise<void> {
  const { splitLines, verifyExport } = await import("../../audit/verify.ts")
  const path = input.maybe("file")
  const chunks =
    path === undefined
      ? await (await connect()).call("exportAudit")
      : createReadStream(path, "utf8")
  const trusted = input.list("trust")
  const report = await verifyExport(splitLines(chunks), trusted === undefined ? {} : { trusted })
  const { ok, completeUpTo, records, filtered, keys, problems } = report
  const until =
    completeUpTo === undefined
      ? "nothing is proven complete"
      : `complete up to ${new Date(completeUpTo.time).toISOString()}, record ${completeUpTo.index}`
  const text = [
    ok ? `The log verifies: ${until}.` : `The log does NOT verify: ${until}.`,
    `${records} records of this partition${filtered === 0 ? "" : `, ${filtered} more left out`}.`,
    ...keys.map((key) => `Signed by the key with fingerprint ${key}.`),
    ...problems,
  ]
  await out.document(report, text.join("\n"))
  if (!ok) throw new CliError("NEGATIVE", "the log was changed, or cut off")
}

async function* toBytes(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array, void, void> {
  for await (const text of lines) yield Buffer.from(text)
}
