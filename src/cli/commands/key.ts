/** `keyhold key ...`: make, find and change keys. */

import type { CreateKeyRequest, Key } from "@keyhold/sdk"
import type { Command, OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input, StandardInput } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import { materialFormats, readMaterial, readPassphrase } from "../material.ts"
import type { Columns } from "../output.ts"
import { describeRule, readKeyRules } from "../rules.ts"
import { keyAlgorithms, keyStates, keyUsages } from "../vocabulary.ts"

/** A key in a list. */
const columns: Columns<Key> = [
  ["name", ({ name }) => name],
  ["algorithm", ({ algorithm }) => algorithm],
  ["state", ({ state }) => state],
  ["version", ({ currentVersion }) => currentVersion],
  ["created", ({ createdAt }) => createdAt],
  ["id", ({ id }) => id],
]

/** Everything about one key. */
export const keyFields: Columns<Key> = [
  ["name", ({ name }) => name],
  ["id", ({ id }) => id],
  ["algorithm", ({ algorithm }) => algorithm],
  ["state", ({ state }) => state],
  ["uses", ({ usages }) => usages.join(", ")],
  [
    "extractable",
    ({ extractable, neverExtractable }) =>
      extractable ? "yes" : `no${neverExtractable ? ", never was" : ""}`,
  ],
  [
    "sensitive",
    ({ sensitive, alwaysSensitive }) =>
      sensitive ? `yes${alwaysSensitive ? ", always was" : ""}` : "no",
  ],
  ["modifiable", ({ modifiable }) => modifiable],
  ["destroyable", ({ destroyable }) => destroyable],
  ["copyable", ({ copyable }) => copyable],
  ["trusted", ({ trusted }) => trusted],
  [
    "tags",
    ({ tags }) =>
      Object.entries(tags)
        .map((pair) => pair.join("="))
        .join(", "),
  ],
  ["description", ({ description }) => description],
  ["versions", ({ versions }) => versions.map(describeVersion).join("; ")],
  ["waits for rotation", ({ pendingVersion: one }) => one && describeVersion(one)],
  ["oldest usable", ({ minVersion }) => minVersion],
  ["next rotation", ({ nextRotationAt }) => nextRotationAt],
  ["blocked", ({ blocked }) => blocked],
  ...(["use", "block", "unblock", "modify"] as const).map(
    (name) =>
      [
        `rule for ${name}`,
        ({ rules }: Key) => rules && (rules[name] ? describeRule(rules[name]) : "nobody is asked"),
      ] as const,
  ),
  ["paths", ({ paths }) => paths?.join(", ")],
  ["unwraps", ({ unwraps }) => unwraps && (unwraps.algorithms?.join(", ") ?? "any key")],
  ["unwraps for", ({ unwraps }) => unwraps?.usages?.join(", ")],
  [
    "unwraps once, within",
    ({ unwraps: { onceWithinSeconds: seconds } = {} }) => seconds && `${seconds} s of its creation`,
  ],
  [
    "derived from",
    ({ derivedFrom: from }) => from && `${from.key} ${from.path ?? from.mechanism ?? ""}`,
  ],
  ["family", ({ family }) => family],
  ["material until", ({ materialExpiresAt }) => materialExpiresAt],
  ["created", ({ createdAt, createdBy }) => `${createdAt} by ${createdBy}`],
  ["updated", ({ updatedAt }) => updatedAt],
  ["destroyed from", ({ deleteAt }) => deleteAt],
  ["destroyed", ({ destroyedAt }) => destroyedAt],
  ["revision", ({ revision }) => revision],
]

function describeVersion(one: Key["versions"][number]): string {
  const {
    version,
    origin,
    hasSecret,
    publicKey,
    reservedSignatures: reserved,
    materialExpiresAt,
  } = one
  const away = publicKey === undefined ? ", material away" : ", public"
  const counts = reserved === undefined ? "" : `, ${reserved} signatures reserved`
  const ends = materialExpiresAt === undefined ? "" : `, until ${materialExpiresAt}`
  return `${version} ${origin}${hasSecret ? "" : away}${counts}${ends}`
}

const template: readonly OptionRow[] = [
  ["--usage <use...>", `what it may do: ${keyUsages.join(", ")}; repeat for several`],
  ["--extractable", "may leave the HSM where the partition allows it"],
  ["--not-sensitive", "may leave in the clear; needs --extractable"],
  ["--not-modifiable", "cannot be changed"],
  ["--not-destroyable", "cannot be deleted"],
  ["--copyable", "may be copied"],
  ["--tag <name=value...>", "free tag; repeat for several"],
  ["--description <text>", "what the key is for"],
  ["--rotate-every <time>", "make a new version so often, such as 90d"],
  ["--rules <file>", "who has to agree to what; see: keyhold key set-rules --help"],
  ["--allow-path <pattern...>", "of a seed: paths that may be used, such as m/84h/**"],
  ["--unwraps <id...>", "of a key that unwraps: algorithms that it lets in"],
  ["--unwraps-for <use...>", "of a key that unwraps: what those keys may do"],
  ["--once-within <time>", "of a key that unwraps: one key, by then; it is destroyed with that"],
]
export const algorithmOption: OptionRow = ["--algorithm <id>", "see: keyhold algorithms"]

async function readTemplate(input: Input, stdin: StandardInput): Promise<CreateKeyRequest> {
  const rules = input.maybe("rules")
  return {
    name: input.text("name"),
    algorithm: input.one("algorithm", keyAlgorithms),
    usages: input.someOf("usage", keyUsages),
    extractable: input.on("extractable"),
    sensitive: input.off("notSensitive"),
    modifiable: input.off("notModifiable"),
    destroyable: input.off("notDestroyable"),
    copyable: input.on("copyable"),
    tags: input.pairs("tag"),
    description: input.maybe("description"),
    rotationPeriodSeconds: input.seconds("rotateEvery"),
    rules: rules === undefined ? undefined : await readKeyRules(rules, stdin),
    paths: input.list("allowPath"),
    unwraps: readUnwraps(input),
  }
}

/** A template; undefined when no option names one. */
function readUnwraps(input: Input): CreateKeyRequest["unwraps"] {
  const algorithms = input.someOf("unwraps", keyAlgorithms)
  const usages = input.someOf("unwrapsFor", keyUsages)
  const template = { algorithms, usages, onceWithinSeconds: input.seconds("onceWithin") }
  return Object.values(template).every((one) => one === undefined) ? undefined : template
}

export const keyCommands: readonly Command[] = [
  {
    usage: "key create <name>",
    summary: "Create a key; its material never leaves unless you say so",
    required: [algorithmOption],
    options: template,
    example: "keyhold key create orders --algorithm AES_256",
    async run({ out, stdin, connect }, input) {
      const request = await readTemplate(input, stdin)
      const kh = await connect()
      await out.record(await kh.keys.create(request), keyFields)
    },
  },
  {
    usage: "key import <name> [file]",
    summary: "Import a key made elsewhere, where the partition allows it",
    description:
      "Takes raw bytes, PKCS#8, PKCS#12, SPKI, a JWK or a mnemonic; of PEM the format is known.",
    required: [algorithmOption],
    options: [
      ...template,
      ["--format <format>", `one of ${materialFormats.join(", ")}`],
      ["--passphrase-file <file>", "of a mnemonic, PKCS#12 or encrypted PKCS#8; its first line"],
    ],
    example: "keyhold key import partner partner.pem --algorithm EC_P256",
    async run({ out, stdin, connect }, input) {
      const request = await readTemplate(input, stdin)
      const format = input.oneOf("format", materialFormats)
      const material = await readMaterial(input.maybe("file"), stdin, format)
      const passphrase = await readPassphrase(input.maybe("passphraseFile"), stdin)
      const kh = await connect()
      await out.record(await kh.keys.import({ ...request, ...material, passphrase }), keyFields)
    },
  },
  {
    usage: "key list",
    summary: "List keys; all filters that are given must match",
    options: [
      ["--name <pattern>", "name, in which * stands for any characters"],
      ["--tag <name>", "tag, or name=value"],
      ["--state <state>", keyStates.join(", ")],
      ["--algorithm <id>", "see: keyhold algorithms"],
      limitOption,
    ],
    example: "keyhold key list --name 'orders*' --state active",
    async run({ out, connect }, input) {
      const filters = {
        name: input.maybe("name"),
        tag: input.maybe("tag"),
        state: input.oneOf("state", keyStates),
        algorithm: input.oneOf("algorithm", keyAlgorithms),
      }
      const kh = await connect()
      await out.table(await collectItems(kh.keys.list(filters), input), columns)
    },
  },
  {
    usage: "key show <key>",
    summary: "Describe a key",
    example: "keyhold key show orders",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.record(await kh.keys.get(input.text("key")), keyFields)
    },
  },
  {
    usage: "key update <key>",
    summary: "Change a key; what is not named stays",
    description: "Attributes only become stricter, except destroyable.",
    options: [
      ["--name <name>", "new name"],
      ["--description <text>", "what the key is for"],
      ["--tag <name=value...>", "replaces all tags; repeat for several"],
      ["--usage <use...>", "uses that remain; repeat for several"],
      ["--not-extractable", "never leaves again"],
      ["--sensitive", "never leaves in the clear again"],
      ["--not-modifiable", "cannot be changed again"],
      ["--destroyable", "can be deleted"],
      ["--not-destroyable", "cannot be deleted"],
      ["--min-version <number>", "oldest version that still decrypts and verifies"],
      ["--rotate-every <time>", "such as 90d; never ends the schedule"],
      ["--allow-path <pattern...>", "of a seed: paths that remain"],
      ["--if-revision <number>", "only when the key has this revision"],
    ],
    example: "keyhold key update orders --rotate-every 90d --tag team=shop",
    async run({ out, connect }, input) {
      const never = input.maybe("rotateEvery") === "never"
      const changes = {
        name: input.maybe("name"),
        description: input.maybe("description"),
        tags: input.pairs("tag"),
        usages: input.someOf("usage", keyUsages),
        extractable: input.off("notExtractable"),
        sensitive: input.on("sensitive"),
        modifiable: input.off("notModifiable"),
        destroyable: input.on("destroyable") ?? input.off("notDestroyable"),
        minVersion: input.integer("minVersion"),
        rotationPeriodSeconds: never ? null : input.seconds("rotateEvery"),
        paths: input.list("allowPath"),
        ifRevision: input.integer("ifRevision"),
      }
      const given = Object.entries(changes).filter(([, value]) => value !== undefined)
      if (given.length === 0) throw new CliError("USAGE", "nothing to change")
      const kh = await connect()
      const key = await kh.keys.update(input.text("key"), Object.fromEntries(given))
      await out.record(key, keyFields)
    },
  },
]
