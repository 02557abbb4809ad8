/** `keyhold encrypt` and `keyhold decrypt`: files of any length by envelope, or single calls. */

import {
  decodeBase64,
  encodeBase64,
  isEnvelope,
  openEnvelope,
  type EncryptResult,
  type RequestedOperation,
} from "@keyhold/sdk"
import { askedInstead, askingOptions } from "../asking.ts"
import { outputOption, type CliContext, type Command, type OptionRow } from "../command.ts"
import { emit, emitOptions } from "../emit.ts"
import { CliError } from "../failure.ts"
import { collect, openSource, parseBase64, peek, readAll, type Input } from "../input.ts"
import { readOffline } from "../offline.ts"
import { lazily, type Columns } from "../output.ts"
import { mechanisms } from "../vocabulary.ts"

const messageLimit = { bytesMax: 64 * 1024, hint: "without --raw, content may be of any length" }
/** A ciphertext of the longest message, in base64 with line breaks. */
const ciphertextLimit = {
  bytesMax: 128 * 1024,
  hint: "only envelopes, which begin with KHE, are so long",
}
const magicBytes = 3

const aadOption: OptionRow = ["--aad <text>", "additional data that decrypting must name again"]
const mechanismOption: OptionRow = ["--mechanism <id>", "another mechanism than the key's first"]

const bareFields: Columns<EncryptResult> = [
  ["key", ({ keyId }) => keyId],
  ["version", ({ version }) => version],
  ["mechanism", ({ mechanism }) => mechanism],
  ["iv", ({ iv }) => iv],
  ["ciphertext", ({ ciphertext }) => ciphertext],
]

export const encryptCommands: readonly Command[] = [
  {
    usage: "encrypt [file]",
    summary: "Encrypt a file or standard input, of any length",
    description:
      "Writes a .kh file: the content under a data key of its own, which the HSM's key wraps.\n" +
      "With --raw or --base64, one call encrypts up to 64 KiB to Keyhold's ciphertext format;\n" +
      "with --bare, to what other software reads.",
    required: [["--key <key>", "name or id"]],
    options: [
      aadOption,
      ["--raw", "one call, Keyhold's ciphertext format"],
      ["--bare", "one call, bare ciphertext and IV in base64"],
      ["--iv <base64>", "with --bare, where the partition allows it"],
      mechanismOption,
      ...emitOptions,
    ],
    example: "keyhold encrypt --key orders report.pdf > report.pdf.kh",
    run: encrypt,
  },
  {
    usage: "decrypt [file]",
    summary: "Decrypt what keyhold encrypt made",
    description:
      "Tells a .kh file from a single ciphertext by itself. With --key, a bare ciphertext of\n" +
      "other software is decrypted. With --offline no node is asked: an exported key opens it.",
    options: [
      aadOption,
      ["--base64", "the content is base64 text"],
      ["--key <key>", "for a bare ciphertext: name or id"],
      ["--iv <base64>", "for a bare ciphertext"],
      ["--version <number>", "for a bare ciphertext: of the key"],
      mechanismOption,
      ["--offline", "without a node, with --key-file and --cluster"],
      ["--key-file <file>", "with --offline: what keyhold key export wrote"],
      ["--cluster <id>", "with --offline: see keyhold status"],
      ["--encryption-context <name=value...>", "with --offline: AWS's, in place of --aad"],
      outputOption,
      ...askingOptions,
    ],
    example: "keyhold decrypt report.pdf.kh > copy.pdf",
    run: decrypt,
  },
]

function readAad(input: Input): Buffer | undefined {
  const aad = input.maybe("aad")
  return aad === undefined ? undefined : Buffer.from(aad)
}

async function encrypt(context: CliContext, input: Input): Promise<void> {
  const { out, stdin, connect } = context
  const [key, aad, path] = [input.text("key"), readAad(input), input.maybe("file")]
  const mechanism = input.oneOf("mechanism", mechanisms)
  const [raw, bare] = [input.flag("raw") || input.flag("base64"), input.flag("bare")]
  if (!raw && !bare) {
    const { bytes, length } = await openSource(path, stdin)
    const kh = await connect()
    return out.bytes(kh.encryptStream(bytes, { key, aad }), input.maybe("output"), length)
  }
  const plaintext = encodeBase64(await readAll(path, stdin, messageLimit))
  const body = {
    plaintext,
    aad: aad === undefined ? undefined : encodeBase64(aad),
    mechanism,
    iv: input.maybe("iv"),
    raw: bare ? true : undefined,
  }
  const kh = await connect()
  const ask = () => kh.call("encrypt", { params: { key }, body })
  if (bare) await out.record(await ask(), bareFields)
  else await emit({ out, input }, ask, ({ ciphertext }) => ciphertext)
}

async function decrypt(context: CliContext, input: Input): Promise<void> {
  if (input.flag("offline")) return decryptOffline(context, input)
  for (const name of ["keyFile", "cluster", "encryptionContext"]) {
    if (input.has(name)) throw new CliError("USAGE", `${name} goes with --offline`)
  }
  const { out, stdin, connect } = context
  const [path, output, aad] = [input.maybe("file"), input.maybe("output"), readAad(input)]
  const source = await openSource(path, stdin)
  const { head, bytes } = await peek(source.bytes, magicBytes)
  const key = input.maybe("key")
  if (key === undefined && !input.flag("base64") && isEnvelope(head)) {
    const kh = await connect()
    return out.bytes(kh.decryptStream(bytes, { aad }), output, source.length)
  }
  const content = await collect(bytes, ciphertextLimit)
  const ciphertext = input.flag("base64") ? parseBase64(content) : content
  const own = {
    ciphertext: encodeBase64(ciphertext),
    aad: aad === undefined ? undefined : encodeBase64(aad),
  }
  const asked: RequestedOperation =
    key === undefined
      ? { operation: "decrypt", ...own }
      : { operation: "decryptRaw", key, ...own, ...readBare(input) }
  if (await askedInstead(context, input, asked)) return
  const kh = await connect()
  await out.bytes(
    lazily(async () => {
      if (key === undefined) return await kh.decrypt(ciphertext, { aad })
      const body = { ...own, ...readBare(input) }
      return decodeBase64((await kh.call("decryptRaw", { params: { key }, body })).plaintext)
    }),
    output,
  )
}

/** Nothing leaves this process, and nothing but the files is read. */
async function decryptOffline({ out, stdin }: CliContext, input: Input): Promise<void> {
  for (const name of ["key", "iv", "version", "mechanism", "request", "stamp"]) {
    if (input.has(name)) throw new CliError("USAGE", `${name} does not go with --offline`)
  }
  const { aad, open } = await readOffline(input, stdin)
  const source = await openSource(input.maybe("file"), stdin)
  const { head, bytes } = await peek(source.bytes, magicBytes)
  const output = input.maybe("output")
  if (!input.flag("base64") && isEnvelope(head)) {
    return out.bytes(openEnvelope(bytes, open, aad), output, source.length)
  }
  const content = await collect(bytes, ciphertextLimit)
  const ciphertext = input.flag("base64") ? parseBase64(content) : content
  await out.bytes(
    lazily(() => open(ciphertext)),
    output,
  )
}

function readBare(input: Input) {
  return {
    iv: input.maybe("iv"),
    mechanism: input.oneOf("mechanism", mechanisms),
    version: input.integer("version"),
  }
}
