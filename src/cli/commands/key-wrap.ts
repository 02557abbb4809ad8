/** Keys that leave, and keys made of others: unwrapped and derived. */

import type { DerivationInput } from "@keyhold/sdk"
import { outputOption, type Command, type OptionRow } from "../command.ts"
import { parseHex, readAll, type Input, type StandardInput } from "../input.ts"
import { readMaterial } from "../material.ts"
import { lazily } from "../output.ts"
import { keyAlgorithms, keyUsages, mechanisms } from "../vocabulary.ts"
import { algorithmOption, keyFields } from "./key.ts"

/** The parameters of a derivation, as far as options name them. */
async function readParameters(input: Input, stdin: StandardInput): Promise<DerivationInput> {
  const hex = (name: string) => optional(input.maybe(name), parseHex)
  const text = (name: string) => optional(input.maybe(name), (value) => Buffer.from(value))
  const peer = input.maybe("peer")
  return {
    publicKey: peer === undefined ? peer : (await readMaterial(peer, stdin, "spki")).material,
    salt: hex("salt"),
    info: text("info"),
    label: text("label"),
    context: text("context"),
    iv: hex("iv"),
    iterations: input.integer("iterations"),
    memoryKiB: input.integer("memory"),
    parallelism: input.integer("parallelism"),
  }
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text)
}

/** Of a key that is made of another. */
const madeOptions: readonly OptionRow[] = [
  ["--usage <use...>", "what it may do; repeat for several"],
  ["--tag <name=value...>", "free tag; repeat for several"],
  ["--description <text>", "what the key is for"],
]

function readMade(input: Input) {
  return {
    name: input.text("name"),
    algorithm: input.one("algorithm", keyAlgorithms),
    version: input.integer("version"),
    mechanism: input.oneOf("mechanism", mechanisms),
    usages: input.someOf("usage", keyUsages),
    tags: input.pairs("tag"),
    description: input.maybe("description"),
  }
}

const wrappedLimit = { bytesMax: 16 * 1024, hint: "this is no wrapped key" }

export const wrapCommands: readonly Command[] = [
  {
    usage: "key export <key>",
    summary: "Write an extractable key's material, where the partition allows it",
    description:
      "With --wrapping-key: wrapped under a key that officers trust, with AES-KWP (RFC 5649) or, " +
      "under RSA, RSA-AES-KWP unless --mechanism says otherwise. Raw bytes or PKCS#8 DER.",
    options: [
      ["--wrapping-key <key>", "trusted key to wrap it under; in the clear without"],
      ["--mechanism <id>", "of the wrapping key; see: keyhold algorithms"],
      ["--version <number>", "another version than the current one"],
      outputOption,
    ],
    example: "keyhold key export orders --wrapping-key transport --output orders.kwp",
    async run({ out, connect }, input) {
      const kh = await connect()
      const wanted = {
        version: input.integer("version"),
        wrappingKey: input.maybe("wrappingKey"),
        mechanism: input.oneOf("mechanism", mechanisms),
      }
      const call = async () => {
        const exported = await kh.keys.export(input.text("key"), wanted)
        const { format, material, wrappedBy: by } = exported
        const how = by === undefined ? "" : `, wrapped with ${by.mechanism}, version ${by.version}`
        out.note(`format: ${format}${how}`)
        return material
      }
      await out.bytes(lazily(call), input.maybe("output"))
    },
  },
  {
    usage: "key unwrap <key> <name> [file]",
    summary: "Make a key of what was wrapped under another, where the partition allows it",
    description:
      "It may do what the unwrapping key's template admits (see: key create --help), is " +
      "sensitive, never leaves and never wraps. A key made with --once-within is then destroyed.",
    required: [algorithmOption],
    options: [
      ["--mechanism <id>", "of the unwrapping key; see: keyhold algorithms"],
      ["--version <number>", "of the unwrapping key, when not its current one"],
      ...madeOptions,
    ],
    example: "keyhold key unwrap transport orders orders.kwp --algorithm AES_256",
    async run({ out, stdin, connect }, input) {
      const wrapped = await readAll(input.maybe("file"), stdin, wrappedLimit)
      const request = { ...readMade(input), wrapped }
      const kh = await connect()
      const made = await kh.keys.unwrap(input.text("key"), request)
      await out.record(made, keyFields)
    },
  },
  {
    usage: "key derive <key> <name>",
    summary: "Derive a new key from another; the same parameters give it again",
    description:
      "It has the rules of the key that it comes from, leaves only where that one may, and is " +
      "not derived from again. Salt and IV are hex; info, label and context are text.",
    required: [algorithmOption],
    options: [
      ["--mechanism <id>", "of the key that it comes from; see: keyhold algorithms"],
      ["--version <number>", "of the key that it comes from, when not its current one"],
      ["--peer <file>", "the other side's public key, PEM or DER, of an agreement"],
      ["--salt <hex>", "of HKDF, PBKDF2 and Argon2id"],
      ["--info <text>", "of HKDF"],
      ["--label <text>", "of KBKDF"],
      ["--context <text>", "of KBKDF"],
      ["--iv <hex>", "of KBKDF in feedback mode"],
      ["--iterations <number>", "of PBKDF2; passes of Argon2id"],
      ["--memory <kib>", "of Argon2id, in KiB"],
      ["--parallelism <number>", "of Argon2id"],
      ...madeOptions,
    ],
    example: "keyhold key derive root customer-7 --algorithm AES_256 --info customer-7",
    async run({ out, stdin, connect }, input) {
      const request = { ...readMade(input), parameters: await readParameters(input, stdin) }
      const kh = await connect()
      await out.record(await kh.keys.derive(input.text("key"), request), keyFields)
    },
  },
]
