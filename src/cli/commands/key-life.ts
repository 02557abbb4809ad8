/** `keyhold key ...`: a key's public half, its versions, and its end. */

import type { Key, Keyhold, LastUse, Receipt } from "@keyhold/sdk"
import { askedInstead, askingOptions } from "../asking.ts"
import { outputOption, type Command } from "../command.ts"
import type { Columns } from "../output.ts"
import { readKeyRules, rulesText } from "../rules.ts"
import { keyFields } from "./key.ts"

/** Commands that name a key and answer with it. */
const steps: readonly {
  readonly word: string
  readonly summary: string
  readonly step: (kh: Keyhold, key: string) => Promise<Key>
  /** Where a rule can be about it. */
  readonly asked?: "blockKey" | "unblockKey" | "rotateKey"
}[] = [
  { word: "enable", summary: "Allow a disabled key's use", step: (kh, key) => kh.keys.enable(key) },
  { word: "disable", summary: "Stop a key's use", step: (kh, key) => kh.keys.disable(key) },
  {
    word: "block",
    summary: "Stop all use of a key with rules, as its rule for blocking says",
    step: (kh, key) => kh.keys.block(key),
    asked: "blockKey",
  },
  {
    word: "unblock",
    summary: "Let a blocked key be used again, as its rule for unblocking says",
    step: (kh, key) => kh.keys.unblock(key),
    asked: "unblockKey",
  },
  {
    word: "rotate",
    summary: "Make a new version; older ones keep decrypting and verifying",
    step: (kh, key) => kh.keys.rotate(key),
    asked: "rotateKey",
  },
  {
    word: "cancel-deletion",
    summary: "Take a deletion back while the key waits for it",
    step: (kh, key) => kh.keys.cancelDeletion(key),
  },
  {
    word: "restore",
    summary: "Take a key out of the partition's bin",
    step: (kh, key) => kh.keys.restore(key),
  },
  {
    word: "purge",
    summary: "Destroy a deleted key now; this cannot be undone",
    step: (kh, key) => kh.keys.purge(key),
  },
]

const lastUseFields: Columns<LastUse> = [
  ["key", ({ name }) => name],
  ["id", ({ keyId }) => keyId],
  ["last used", ({ at, since }) => at ?? `not since ${since}`],
  ["operation", ({ operation }) => operation],
  ["by", ({ subject }) => subject],
  ["request", ({ requestId }) => requestId],
]

const receiptFields: Columns<Receipt> = [
  ["key", ({ name }) => name],
  ["id", ({ keyId }) => keyId],
  ["unusable since", ({ unusableAt }) => unusableAt],
  ["shredded", ({ shreddedAt }) => shreddedAt ?? "not yet"],
  ["members left", ({ membersLeft }) => membersLeft],
  ["epoch", ({ destroyedEpoch }) => destroyedEpoch],
  ["signature", ({ signature }) => signature],
]

export const keyLifeCommands: readonly Command[] = [
  {
    usage: "key public <key>",
    summary: "Print a pair's public key as PEM",
    options: [["--version <number>", "another version than the current one"], outputOption],
    example: "keyhold key public release > release.pem",
    async run({ out, connect }, input) {
      const kh = await connect()
      const found = await kh.keys.publicKey(input.text("key"), input.integer("version"))
      const path = input.maybe("output")
      if (path === undefined) await out.document(found, found.pem)
      else await out.bytes([Buffer.from(found.pem)], path)
    },
  },
  ...steps.map(({ word, summary, step, asked }): Command => ({
    usage: `key ${word} <key>`,
    summary,
    ...(asked === undefined ? {} : { options: askingOptions }),
    example: `keyhold key ${word} orders`,
    async run(context, input) {
      const key = input.text("key")
      if (asked && (await askedInstead(context, input, { operation: asked, key }))) return
      const kh = await context.connect()
      await context.out.record(await step(kh, key), keyFields)
    },
  })),
  {
    usage: "key set-rules <key> <file>",
    summary: "Replace a key's rules, as its rule for modifying says",
    description: rulesText,
    options: askingOptions,
    example: "keyhold key set-rules payments rules.json",
    async run(context, input) {
      const rules = await readKeyRules(input.text("file"), context.stdin)
      const key = input.text("key")
      if (await askedInstead(context, input, { operation: "setKeyRules", key, ...rules })) return
      const kh = await context.connect()
      await context.out.record(await kh.keys.setRules(key, rules), keyFields)
    },
  },
  {
    usage: "key protect <key> <file>",
    summary: "Give rules to a key that has none; the partition's officers together",
    description: rulesText,
    options: askingOptions,
    example: "keyhold key protect release rules.json",
    async run(context, input) {
      const rules = await readKeyRules(input.text("file"), context.stdin)
      const key = input.text("key")
      if (await askedInstead(context, input, { operation: "protectKey", key, ...rules })) return
      const kh = await context.connect()
      await context.out.record(await kh.keys.protect(key, rules), keyFields)
    },
  },
  {
    usage: "key delete <key>",
    summary: "Delete a key: unusable at once, destroyed after a window",
    options: [["--window <time>", "until it is destroyed; 30d unless given, 0 for at once"]],
    example: "keyhold key delete orders --window 7d",
    async run({ out, connect }, input) {
      const windowSeconds = input.seconds("window")
      const kh = await connect()
      const options = windowSeconds === undefined ? {} : { windowSeconds }
      await out.record(await kh.keys.delete(input.text("key"), options), keyFields)
    },
  },
  {
    usage: "key trust <key>",
    summary: "Let a key wrap others for export, or no longer",
    options: [["--revoke", "no longer"]],
    example: "keyhold key trust transport",
    async run({ out, connect }, input) {
      const kh = await connect()
      const trusted = !input.flag("revoke")
      await out.record(await kh.keys.trust(input.text("key"), { trusted }), keyFields)
    },
  },
  {
    usage: "key fast-forward <key> <index>",
    summary: "Let a key that counts its signatures go on from an index never used",
    description:
      "For after a restore, when such a key signs no more. Two signatures with one index give " +
      "the key away: name an index beyond every signature that may have been made.",
    example: "keyhold key fast-forward firmware 512",
    async run({ out, connect }, input) {
      const index = input.integer("index") ?? 0
      const kh = await connect()
      await out.record(await kh.keys.fastForward(input.text("key"), { index }), keyFields)
    },
  },
  {
    usage: "key last-use <key>",
    summary: "Show when a key was used last, for what and by whom",
    example: "keyhold key last-use orders",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.record(await kh.keys.lastUse(input.text("key")), lastUseFields)
    },
  },
  {
    usage: "key receipt <key>",
    summary: "Show the signed receipt of a key's destruction, by its id",
    example: "keyhold key receipt 01k2v7x9q4m8w3r5t6y1z0a2bc",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.record(await kh.keys.receipt(input.text("key")), receiptFields)
    },
  },
]
