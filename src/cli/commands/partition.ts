/** `keyhold partition ...` for its officers, `keyhold partitions ...` for the operator. */

import type { CreatedPartition, Partition, SomeFlags, TimestampSettings } from "@keyhold/sdk"
import { askedInstead, askingOptions } from "../asking.ts"
import type { Command, OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import type { Columns } from "../output.ts"
import { describeRule, readRule, rulesText } from "../rules.ts"

/** Every flag, and what it allows. */
const flags: Readonly<Record<keyof SomeFlags, string>> = {
  keyImport: "keys made elsewhere may enter",
  plainExport: "extractable keys may leave in the clear",
  wrappedExport: "extractable keys may leave wrapped under a trusted key",
  readOnly: "nothing may be changed",
  keyUse: "keys may be used",
  keyDestruction: "keys may be destroyed",
  immediateDestruction: "keys may be destroyed without a waiting window",
  invalidation: "deleted keys go to a bin",
  externalIv: "callers may choose an encryption's IV",
  legacyAlgorithms: "algorithms for old data alone may be used, see: keyhold algorithms",
  approverKeys: "approvers' keys may be made by the node, which then sees them",
}
const flagOption: OptionRow = ["--flag <name=on|off...>", "repeat for several, see below"]
const flagsText = Object.entries(flags)
  .map(([name, text]) => `  ${name}: ${text}`)
  .join("\n")

const columns: Columns<Partition> = [
  ["name", ({ name }) => name],
  ["state", ({ state }) => state],
  ["keys at most", ({ quota }) => quota.keysMax],
  ["operations/s", ({ quota }) => quota.operationsPerSecond],
  ["created", ({ createdAt }) => createdAt],
  ["id", ({ id }) => id],
]
const fields: Columns<Partition> = [
  ...columns,
  ["custody", ({ custody }) => custody],
  [
    "flags",
    ({ flags: set }) =>
      Object.entries(set)
        .map(([name, on]) => `${name}=${on ? "on" : "off"}`)
        .join(" "),
  ],
  ["timestamps", ({ timestamps: said }) => said && describeTimestamps(said)],
  ["officers", ({ rules }) => rules?.administration && describeRule(rules.administration)],
  ["revision", ({ revision }) => revision],
]
const createdFields: Columns<CreatedPartition> = [
  ...fields.map(
    ([title, cell]) => [title, (one: CreatedPartition) => cell(one.partition)] as const,
  ),
  ["officer", ({ officer }) => officer.id],
  ["token", ({ token }) => token],
]

const quotaOptions: readonly OptionRow[] = [
  ["--keys <number>", "keys at most"],
  ["--rate <number>", "operations per second at most"],
]

function describeTimestamps({ key, policy, accuracyMs }: TimestampSettings): string {
  const said = { key, policy, "accuracy in ms": accuracyMs }
  return Object.entries(said)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")
}

export const partitionCommands: readonly Command[] = [
  {
    usage: "partition show",
    summary: "Show your partition and what it allows",
    example: "keyhold partition show",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("getPartition"), fields)
    },
  },
  {
    usage: "partition set",
    summary: "Set flags of your partition",
    description: `Flags:\n${flagsText}`,
    required: [flagOption],
    example: "keyhold partition set --flag keyImport=on --flag wrappedExport=on",
    async run({ out, connect }, input) {
      const body = { flags: readFlags(input) ?? {} }
      const kh = await connect()
      await out.record(await kh.call("updatePartition", { body }), fields)
    },
  },
  {
    usage: "partition set-timestamps",
    summary: "Say by which key, and how, your partition makes timestamps",
    description: "What is not named is not said any more.",
    options: [
      ["--key <key>", "where clients of the TSB dialect name none; name or id"],
      ["--policy <oid>", "what timestamps name; Keyhold's own unless given"],
      ["--accuracy-ms <number>", "by how much their time may be wrong; not stated unless given"],
    ],
    example: "keyhold partition set-timestamps --key tsa --policy 1.3.6.1.4.1.99999.1",
    async run({ out, connect }, input) {
      const timestamps = {
        key: input.maybe("key"),
        policy: input.maybe("policy"),
        accuracyMs: input.integer("accuracyMs"),
      }
      const kh = await connect()
      await out.record(await kh.call("updatePartition", { body: { timestamps } }), fields)
    },
  },
  {
    usage: "partition set-rules [file]",
    summary: "Set the rule by which your partition's officers decide together",
    description: `Without a file the rule is removed. Once there is one, it has to be met to change
it. The file holds one RULE:\n\n${rulesText}`,
    options: askingOptions,
    example: "keyhold partition set-rules officers.json",
    async run(context, input) {
      const path = input.maybe("file")
      const rule = path === undefined ? undefined : await readRule(path, context.stdin)
      const body = rule === undefined ? {} : { administration: rule }
      if (await askedInstead(context, input, { operation: "setPartitionRules", ...body })) return
      const kh = await context.connect()
      await context.out.record(await kh.call("setPartitionRules", { body }), fields)
    },
  },
  {
    usage: "partition block",
    summary: "Stop all use of your partition",
    example: "keyhold partition block",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("blockPartition"), fields)
    },
  },
  {
    usage: "partition unblock",
    summary: "Allow use of your partition again",
    example: "keyhold partition unblock",
    async run({ out, connect }) {
      const kh = await connect()
      await out.record(await kh.call("unblockPartition"), fields)
    },
  },
  {
    usage: "partitions create <name>",
    summary: "Create a partition; its first officer's token is shown once",
    description: `Flags:\n${flagsText}`,
    options: [flagOption, ...quotaOptions],
    example: "keyhold partitions create shop --keys 1000 --rate 500",
    async run({ out, connect }, input) {
      const body = { name: input.text("name"), flags: readFlags(input), quota: readQuota(input) }
      const kh = await connect()
      await out.record(await kh.call("createPartition", { body }), createdFields)
      out.note("The token is shown this once: hand it to the partition's officer.")
    },
  },
  {
    usage: "partitions list",
    summary: "List all partitions",
    options: [limitOption],
    example: "keyhold partitions list",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.table(await collectItems(kh.list("listPartitions"), input), columns)
    },
  },
  {
    usage: "partitions show <partition>",
    summary: "Show a partition, by its id",
    example: "keyhold partitions show 01k2v7x9q4m8w3r5t6y1z0part",
    async run({ out, connect }, input) {
      const kh = await connect()
      const params = { partition: input.text("partition") }
      await out.record(await kh.call("getPartitionById", { params }), fields)
    },
  },
  {
    usage: "partitions quota <partition>",
    summary: "Change what a partition may use",
    options: quotaOptions,
    example: "keyhold partitions quota 01k2v7x9q4m8w3r5t6y1z0part --rate 500",
    async run({ out, connect }, input) {
      const body = { quota: readQuota(input) }
      const kh = await connect()
      const params = { partition: input.text("partition") }
      await out.record(await kh.call("updateQuota", { params, body }), fields)
    },
  },
]

function readQuota(input: Input) {
  return { keysMax: input.integer("keys"), operationsPerSecond: input.integer("rate") }
}

function readFlags(input: Input): SomeFlags | undefined {
  const pairs = input.pairs("flag")
  if (pairs === undefined) return undefined
  return Object.fromEntries(
    Object.entries(pairs).map(([name, text]) => {
      if (!Object.hasOwn(flags, name) || !["on", "off"].includes(text)) {
        throw new CliError(
          "USAGE",
          `flag ${name}=${text} is unknown`,
          "keyhold partition set --help",
        )
      }
      return [name, text === "on"]
    }),
  )
}
