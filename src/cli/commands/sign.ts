/** `keyhold sign`, `verify`, `mac`, `verify-mac`: of a file or standard input. */

import { calls, encodeBase64 } from "@keyhold/sdk"
import { askedInstead, askingOptions } from "../asking.ts"
import type { CliContext, Command, OptionRow } from "../command.ts"
import { emit, emitOptions } from "../emit.ts"
import { CliError } from "../failure.ts"
import { parseBase64, parseHex, readAll, type Input, type Limit } from "../input.ts"
import { mechanisms, rsaHashes } from "../vocabulary.ts"

const signLimit: Limit = {
  bytesMax: calls.signBytesMax,
  hint: "sign its digest: sha256sum FILE > FILE.sha256; keyhold sign --key KEY FILE.sha256",
}
const macLimit: Limit = {
  bytesMax: calls.messageBytesMax,
  hint: "authenticate its digest: sha256sum FILE | keyhold mac --key KEY",
}
/** Of a signature or MAC in a file; SLH-DSA's longest has 49,856 bytes, in base64 66,476. */
const proofLimit: Limit = { bytesMax: 70_000, hint: "this is no signature and no MAC" }

const keyOption: OptionRow = ["--key <key>", "name or id"]
const mechanismOption: OptionRow = ["--mechanism <id>", "another mechanism than the key's first"]
const encodings = ["der", "raw", "recoverable"] as const
const parameterOptions: readonly OptionRow[] = [
  ["--digest", "the file holds the digest, not the message: sha256sum's 32 bytes, say"],
  ["--mu", "the file holds ML-DSA's mu: 64 bytes (FIPS 204 section 6.2)"],
  ["--encoding <encoding>", `of ECDSA: ${encodings.join(", ")} (secp256k1 alone)`],
  ["--context <text>", "what ML-DSA, SLH-DSA, Ed448 and prehashed EdDSA bind a signature to"],
  ["--salt-length <number>", "bytes of PSS's salt; as many as the hash has unless given"],
  ["--mgf-hash <hash>", "of PSS's MGF1; the message's unless given"],
  ["--path <path>", "of a seed: from it to the key that signs, such as m/44h/60h/0h/0/0"],
  ["--merkle-root <hex>", "of BIP340_SCHNORR: signs for the Taproot output key; '' for no script"],
]
const deterministicOption: OptionRow = [
  "--deterministic",
  "the same message gets the same signature: ECDSA (RFC 6979), ML-DSA, SLH-DSA",
]
const verifyOptions: readonly OptionRow[] = [
  mechanismOption,
  ["--version <number>", "of the key; any living one unless given"],
  ["--base64", "the signature or MAC is base64 text"],
]

export const signCommands: readonly Command[] = [
  {
    usage: "sign [file]",
    summary: "Sign a file of up to 2.5 MiB",
    description: "ECDSA signatures are DER, as OpenSSL reads them, unless told otherwise.",
    required: [keyOption],
    options: [
      mechanismOption,
      ...parameterOptions,
      deterministicOption,
      ...emitOptions,
      ...askingOptions,
    ],
    example: "keyhold sign --key release report.pdf > report.sig",
    async run(context, input) {
      const { out, stdin, connect } = context
      const message = encodeBase64(await readAll(input.maybe("file"), stdin, signLimit))
      const mechanism = input.oneOf("mechanism", mechanisms)
      const deterministic = input.on("deterministic")
      const key = input.text("key")
      const body = { message, mechanism, deterministic, ...readParameters(input) }
      if (await askedInstead(context, input, { operation: "sign", key, ...body })) return
      const kh = await connect()
      const ask = () => kh.call("sign", { params: { key }, body })
      await emit({ out, input }, ask, ({ signature }) => signature)
    },
  },
  {
    usage: "verify [file]",
    summary: "Verify a signature; exit code 3 when it does not fit",
    required: [keyOption, ["--signature <file>", "what keyhold sign made"]],
    options: [...verifyOptions, ...parameterOptions],
    example: "keyhold verify --key release --signature report.sig report.pdf",
    async run(context, input) {
      const message = encodeBase64(await readAll(input.maybe("file"), context.stdin, signLimit))
      const signature = await readProof(context, input, "signature")
      const body = { message, signature, ...readVerify(input), ...readParameters(input) }
      const kh = await context.connect()
      const answer = await kh.call("verify", { params: { key: input.text("key") }, body })
      await tell(context, answer, "signature")
    },
  },
  {
    usage: "mac [file]",
    summary: "Compute a MAC of up to 64 KiB",
    required: [keyOption],
    options: [mechanismOption, ...emitOptions, ...askingOptions],
    example: "keyhold mac --key sessions cookie.txt > cookie.mac",
    async run(context, input) {
      const { out, stdin, connect } = context
      const message = encodeBase64(await readAll(input.maybe("file"), stdin, macLimit))
      const body = { message, mechanism: input.oneOf("mechanism", mechanisms) }
      const key = input.text("key")
      if (await askedInstead(context, input, { operation: "mac", key, ...body })) return
      const kh = await connect()
      const ask = () => kh.call("mac", { params: { key }, body })
      await emit({ out, input }, ask, ({ mac }) => mac)
    },
  },
  {
    usage: "verify-mac [file]",
    summary: "Verify a MAC; exit code 3 when it does not fit",
    required: [keyOption, ["--mac <file>", "what keyhold mac made"]],
    options: verifyOptions,
    example: "keyhold verify-mac --key sessions --mac cookie.mac cookie.txt",
    async run(context, input) {
      const message = encodeBase64(await readAll(input.maybe("file"), context.stdin, macLimit))
      const mac = await readProof(context, input, "mac")
      const body = { message, mac, ...readVerify(input) }
      const kh = await context.connect()
      const answer = await kh.call("verifyMac", { params: { key: input.text("key") }, body })
      await tell(context, answer, "MAC")
    },
  },
]

function readParameters(input: Input) {
  const context = input.maybe("context")
  const root = input.maybe("merkleRoot")
  const [digest, mu] = [input.flag("digest"), input.flag("mu")]
  if (digest && mu) throw new CliError("USAGE", "a file holds a digest or mu, not both")
  return {
    messageType: digest ? ("digest" as const) : mu ? ("mu" as const) : undefined,
    encoding: input.oneOf("encoding", encodings),
    context: context === undefined ? undefined : encodeBase64(Buffer.from(context)),
    saltLength: input.integer("saltLength"),
    path: input.maybe("path"),
    mgfHash: input.oneOf("mgfHash", rsaHashes),
    merkleRoot: root === undefined ? undefined : encodeBase64(parseHex(root)),
  }
}

function readVerify(input: Input) {
  return {
    mechanism: input.oneOf("mechanism", mechanisms),
    version: input.integer("version"),
  }
}

/** A signature or MAC from the file that an option names, as base64. */
async function readProof(context: CliContext, input: Input, option: string): Promise<string> {
  const content = await readAll(input.text(option), context.stdin, proofLimit)
  if (!input.flag("base64")) return encodeBase64(content)
  return encodeBase64(parseBase64(content))
}

interface Verdict {
  readonly valid: boolean
  readonly version?: number | undefined
}

async function tell({ out }: CliContext, verdict: Verdict, what: string): Promise<void> {
  const { valid, version } = verdict
  if (valid || out.json) await out.document(verdict, `${what} valid, by version ${version ?? "?"}`)
  if (!valid) throw new CliError("NEGATIVE", `the ${what} does not fit`)
}
