/** NIST's vectors of deterministic ECDSA (ACVP, FIPS 186-5), on the curves that we have. */
import { createECDH } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { folder } from "./wycheproof.ts"

export interface DeterministicCase {
  readonly id: string
  readonly algorithm: KeyAlgorithmId
  readonly mechanism: MechanismId
  /** PKCS#8. */
  readonly secret: Uint8Array
  readonly message: Uint8Array
  /** r and s. */
  readonly signature: Uint8Array
}

interface Group {
  readonly tgId: number
  readonly curve: string
  readonly hashAlg: string
  /** Hashing with random bits, which is another mechanism. */
  readonly conformance?: string
  readonly d: string
  readonly tests: readonly {
    readonly tcId: number
    readonly message: string
    readonly r: string
    readonly s: string
  }[]
}

/** OpenSSL's name, and PKCS#8 up to the scalar and from there to the point. */
const curves: Readonly<Record<string, readonly [KeyAlgorithmId, string, string, string]>> = {
  "P-224": [
    "EC_P224",
    "secp224r1",
    "3078020100301006072a8648ce3d020106052b810400210461305f020101041c",
    "a13c033a00",
  ],
  "P-256": [
    "EC_P256",
    "prime256v1",
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
    "a144034200",
  ],
  "P-384": [
    "EC_P384",
    "secp384r1",
    "3081b6020100301006072a8648ce3d020106052b8104002204819e30819b0201010430",
    "a164036200",
  ],
  "P-521": [
    "EC_P521",
    "secp521r1",
    "3081ee020100301006072a8648ce3d020106052b810400230481d63081d30201010442",
    "a1818903818600",
  ],
}

/** 440 of them. */
export function deterministicCases(): readonly DeterministicCase[] {
  const file = join(folder, "acvp/DetECDSA-SigGen-FIPS186-5.json.gz")
  // The published file, of which this is read.
  const { testGroups } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
    readonly testGroups: readonly Group[]
  }
  return testGroups.flatMap(({ tgId, curve, hashAlg, conformance, d, tests }) => {
    const known = curves[curve]
    if (known === undefined || conformance !== undefined) return []
    const [algorithm, name, head, middle] = known
    const ecdh = createECDH(name)
    ecdh.setPrivateKey(d, "hex")
    const secret = Buffer.concat([hex(head), hex(d), hex(middle), ecdh.getPublicKey()])
    // SHA2-512/256 -> SHA_512_256, SHA3-224 -> SHA3_224.
    const hash = hashAlg.replace("SHA2-", "SHA_").replace(/[-/]/g, "_")
    return tests.map(({ tcId, message, r, s }) => ({
      id: `${tgId}.${tcId}`,
      algorithm,
      mechanism: `ECDSA_${hash}` as MechanismId,
      secret: Uint8Array.from(secret),
      message: hex(message),
      signature: hex(r + s),
    }))
  })
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text)
}
