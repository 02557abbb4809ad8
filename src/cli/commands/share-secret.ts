/** `keyhold encapsulate`, `decapsulate` and `agree`: shared secrets. */

import { encodeBase64, type EncapsulateResult } from "@keyhold/sdk"
import type { Command, OptionRow } from "../command.ts"
import { emit, emitOptions } from "../emit.ts"
import { readAll } from "../input.ts"
import { readMaterial } from "../material.ts"
import type { Columns } from "../output.ts"
import { mechanisms } from "../vocabulary.ts"

/** ML-KEM-1024's ciphertexts, the longest, have 1,568 bytes. */
const ciphertextLimit = { bytesMax: 4096, hint: "this is no ciphertext of a KEM" }

const keyOption: OptionRow = ["--key <key>", "name or id"]
const mechanismOption: OptionRow = ["--mechanism <id>", "another mechanism than the key's first"]
const versionOption: OptionRow = ["--version <number>", "of the key; the current one unless given"]

const fields: Columns<EncapsulateResult> = [
  ["shared secret", ({ sharedSecret }) => sharedSecret],
  ["ciphertext", ({ ciphertext }) => ciphertext],
]

export const secretCommands: readonly Command[] = [
  {
    usage: "encapsulate",
    summary: "Make a shared secret for a key's holder, in base64",
    required: [keyOption],
    options: [mechanismOption],
    example: "keyhold encapsulate --key partner --json",
    async run({ out, connect }, input) {
      const body = { mechanism: input.oneOf("mechanism", mechanisms) }
      const kh = await connect()
      const answer = await kh.call("encapsulate", { params: { key: input.text("key") }, body })
      await out.record(answer, fields)
    },
  },
  {
    usage: "decapsulate [file]",
    summary: "Take the shared secret out of a ciphertext",
    required: [keyOption],
    options: [mechanismOption, versionOption, ...emitOptions],
    example: "keyhold decapsulate --key own ciphertext.bin --base64",
    async run({ out, stdin, connect }, input) {
      const ciphertext = await readAll(input.maybe("file"), stdin, ciphertextLimit)
      const mechanism = input.oneOf("mechanism", mechanisms)
      const version = input.integer("version")
      const body = { ciphertext: encodeBase64(ciphertext), mechanism, version }
      const kh = await connect()
      const ask = () => kh.call("decapsulate", { params: { key: input.text("key") }, body })
      await emit({ out, input }, ask, ({ sharedSecret }) => sharedSecret)
    },
  },
  {
    usage: "agree [file]",
    summary: "Agree on a shared secret with the public key in a file, PEM or DER",
    required: [keyOption],
    options: [mechanismOption, versionOption, ...emitOptions],
    example: "keyhold agree --key own partner.pem > secret.bin",
    async run({ out, stdin, connect }, input) {
      const { material } = await readMaterial(input.maybe("file"), stdin, "spki")
      const mechanism = input.oneOf("mechanism", mechanisms)
      const version = input.integer("version")
      const body = { publicKey: encodeBase64(material), mechanism, version }
      const kh = await connect()
      const ask = () => kh.call("agree", { params: { key: input.text("key") }, body })
      await emit({ out, input }, ask, ({ sharedSecret }) => sharedSecret)
    },
  },
]
