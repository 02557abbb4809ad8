/** Opens what Keyhold encrypted without a node: with an exported key, and this program alone. */

import { boundAad, decodeCiphertext, suites } from "../codec/ciphertext.ts"
import { encodeEncryptionContext } from "../codec/encryption-context.ts"
import { CodecError } from "../codec/error.ts"
import { openerOf } from "../engine/offline.ts"
import { CliError } from "./failure.ts"
import { readAll, type Input, type StandardInput } from "./input.ts"
import { readPem } from "./material.ts"

/** RSA-8192 in PEM has 6.5 KB. */
const keyLimit = { bytesMax: 16 * 1024, hint: "this is no exported key" }

/** What the options of `decrypt --offline` say. */
export interface Offline {
  /** Bound to what was encrypted; may be empty. */
  readonly aad: Uint8Array
  /**
   * Opens one ciphertext of Keyhold's own format.
   *
   * @throws {@link CliError} FAILED, always the same for what does not open.
   */
  readonly open: (ciphertext: Uint8Array) => Promise<Uint8Array>
}

/** @throws {@link CliError} USAGE */
export async function readOffline(input: Input, stdin: StandardInput): Promise<Offline> {
  const content = await readAll(input.text("keyFile"), stdin, keyLimit)
  const material = readPem(content)?.der ?? content
  const aad = readAad(input)
  const cluster = input.maybe("cluster")
  const open = async (ciphertext: Uint8Array): Promise<Uint8Array> => {
    const { suite, header, iv, body, keyId, version } = parse(ciphertext)
    const opener = await openerOf(suite, material)
    if (opener === undefined) {
      const hint = `it was encrypted by ${suite} under version ${version} of the key ${keyId}`
      throw new CliError("FAILED", "the key file holds no key that could open this", hint)
    }
    const { aead } = suites[suite]
    if (aead && cluster === undefined) {
      const hint = "keyhold status shows the cluster's id, which was bound to the ciphertext"
      throw new CliError("USAGE", "--cluster is missing", hint)
    }
    const bound = aead && cluster !== undefined ? bind(cluster, header, aad) : aad
    const opened = await opener({ iv, ciphertext: body, aad: bound })
    if (opened !== undefined) return opened
    const hint = "the content, its additional data, its key or the cluster is another one"
    throw new CliError("FAILED", "it does not open", hint)
  }
  return { aad, open }
}

function readAad(input: Input): Uint8Array {
  const [aad, context] = [input.maybe("aad"), input.pairs("encryptionContext")]
  if (aad !== undefined && context !== undefined) {
    throw new CliError("USAGE", "--aad and --encryption-context exclude each other")
  }
  return context === undefined ? Buffer.from(aad ?? "") : encodeEncryptionContext(context)
}

function parse(ciphertext: Uint8Array): ReturnType<typeof decodeCiphertext> {
  return refusing(() => decodeCiphertext(ciphertext, "the ciphertext"))
}

function bind(cluster: string, header: Uint8Array, aad: Uint8Array): Uint8Array {
  return refusing(() => boundAad({ cluster, header, aad }))
}

function refusing<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof CodecError) throw new CliError("FAILED", error.message)
    throw error
  }
}
