/** The published vectors of BIP 340 and BIP 341, as keys and signatures of ours. */
import { createECDH, ECDH } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { folder } from "./wycheproof.ts"

export interface SchnorrCase {
  readonly id: string
  /** PKCS#8; absent where only verifying is shown. */
  readonly secret?: Uint8Array
  /** SPKI of the x that is published, with whatever y; undefined when no point has it. */
  readonly publicKey: Uint8Array | undefined
  readonly auxRandom: Uint8Array
  readonly merkleRoot?: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly valid: boolean
}

/** Messages are 32 bytes here: libsecp256k1's binding takes no others. */
export const otherLengths = ["15", "16", "17", "18"]

/** All of BIP 340's table. */
export function bip340Cases(): readonly SchnorrCase[] {
  const [, ...lines] = readFileSync(join(folder, "bitcoin/bip340.csv"), "utf8")
    .trim()
    .split(/\r?\n/)
  return lines.map((line) => {
    const [id = "", secret = "", x = "", aux = "", message = "", signature = "", valid] =
      line.split(",")
    return {
      id,
      ...(secret === "" ? {} : { secret: pkcs8(hex(secret)) }),
      publicKey: spki(hex(x)),
      auxRandom: hex(aux),
      message: hex(message),
      signature: hex(signature),
      valid: valid === "TRUE",
    }
  })
}

/** The inputs that BIP 341's wallet signs for, each with its own key. */
export function bip341Cases(): readonly SchnorrCase[] {
  const text = readFileSync(join(folder, "bitcoin/bip341-wallet.json"), "utf8")
  // The published file, of which this is read.
  const { keyPathSpending } = JSON.parse(text) as {
    readonly keyPathSpending: readonly {
      readonly inputSpending: readonly {
        readonly given: {
          readonly txinIndex: number
          readonly internalPrivkey: string
          readonly merkleRoot: string | null
        }
        readonly intermediary: { readonly internalPubkey: string; readonly sigHash: string }
        readonly expected: { readonly witness: readonly [string] }
      }[]
    }[]
  }
  return keyPathSpending.flatMap(({ inputSpending }) =>
    inputSpending.map(({ given, intermediary, expected }) => ({
      id: `341.${given.txinIndex}`,
      secret: pkcs8(hex(given.internalPrivkey)),
      publicKey: spki(hex(intermediary.internalPubkey)),
      auxRandom: new Uint8Array(32),
      merkleRoot: hex(given.merkleRoot ?? ""),
      message: hex(intermediary.sigHash),
      // What follows is the type of hash.
      signature: hex(expected.witness[0]).subarray(0, 64),
      valid: true,
    })),
  )
}

/** RFC 5915 in PKCS#8, with its point. */
function pkcs8(scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH("secp256k1")
  ecdh.setPrivateKey(scalar)
  const head = "308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420"
  return Uint8Array.of(...hex(head), ...scalar, ...hex("a144034200"), ...ecdh.getPublicKey())
}

function spki(x: Uint8Array): Uint8Array | undefined {
  try {
    const even = Uint8Array.of(2, ...x)
    const whole = ECDH.convertKey(even, "secp256k1", undefined, undefined, "uncompressed")
    const head = hex("3056301006072a8648ce3d020106052b8104000a034200")
    return Uint8Array.of(...head, ...Buffer.from(whole))
  } catch {
    return undefined
  }
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text)
}
