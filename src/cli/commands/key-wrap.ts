/** Keys that leave, and keys that come wrapped under others. */

import { outputOption, type Command } from "../command.ts"
import { readAll } from "../input.ts"
import { lazily } from "../output.ts"
import { keyAlgorithms, keyUsages, mechanisms } from "../vocabulary.ts"
import { algorithmOption, keyFields } from "./key.ts"

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
    usage: "key unwrap <unwrapping-key> <name> [file]",
    summary: "Make a key of what was wrapped under another, where the partition allows it",
    description:
      "It may do what the unwrapping key's template admits (see: key create --help), " +
      "is sensitive, never leaves and never wraps.",
    required: [algorithmOption],
    options: [
      ["--mechanism <id>", "of the unwrapping key; see: keyhold algorithms"],
      ["--version <number>", "of the unwrapping key, when not its current one"],
      ["--usage <use...>", "what it may do; repeat for several"],
      ["--tag <name=value...>", "free tag; repeat for several"],
      ["--description <text>", "what the key is for"],
    ],
    example: "keyhold key unwrap transport orders orders.kwp --algorithm AES_256",
    async run({ out, stdin, connect }, input) {
      const wrapped = await readAll(input.maybe("file"), stdin, wrappedLimit)
      const request = {
        name: input.text("name"),
        algorithm: input.one("algorithm", keyAlgorithms),
        wrapped,
        version: input.integer("version"),
        mechanism: input.oneOf("mechanism", mechanisms),
        usages: input.someOf("usage", keyUsages),
        tags: input.pairs("tag"),
        description: input.maybe("description"),
      }
      const kh = await connect()
      const made = await kh.keys.unwrap(input.text("unwrappingKey"), request)
      await out.record(made, keyFields)
    },
  },
]
