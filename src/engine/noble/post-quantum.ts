/**
 * What node:crypto's ML-DSA and SLH-DSA cannot be told, without the addon: by @noble/post-quantum,
 * slower than OpenSSL and not in constant time.
 */

import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js"
import * as slhDsa from "@noble/post-quantum/slh-dsa.js"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import { publicHalf, secretHalf, type NodeKey } from "../node/key.ts"
import { randomBytes } from "../random.ts"

const mlDsas: Readonly<Partial<Record<KeyAlgorithmId, typeof ml_dsa44>>> = {
  ML_DSA_44: ml_dsa44,
  ML_DSA_65: ml_dsa65,
  ML_DSA_87: ml_dsa87,
}
const slhDsas: Readonly<Partial<Record<KeyAlgorithmId, typeof slhDsa.slh_dsa_sha2_128f>>> = {
  SLH_DSA_SHA2_128S: slhDsa.slh_dsa_sha2_128s,
  SLH_DSA_SHA2_128F: slhDsa.slh_dsa_sha2_128f,
  SLH_DSA_SHA2_192S: slhDsa.slh_dsa_sha2_192s,
  SLH_DSA_SHA2_192F: slhDsa.slh_dsa_sha2_192f,
  SLH_DSA_SHA2_256S: slhDsa.slh_dsa_sha2_256s,
  SLH_DSA_SHA2_256F: slhDsa.slh_dsa_sha2_256f,
  SLH_DSA_SHAKE_128S: slhDsa.slh_dsa_shake_128s,
  SLH_DSA_SHAKE_128F: slhDsa.slh_dsa_shake_128f,
  SLH_DSA_SHAKE_192S: slhDsa.slh_dsa_shake_192s,
  SLH_DSA_SHAKE_192F: slhDsa.slh_dsa_shake_192f,
  SLH_DSA_SHAKE_256S: slhDsa.slh_dsa_shake_256s,
  SLH_DSA_SHAKE_256F: slhDsa.slh_dsa_shake_256f,
}

/** What is signed: M' of FIPS 204 and FIPS 205, or ML-DSA's mu. */
export interface Formatted {
  readonly bytes: Uint8Array
  readonly isMu?: boolean
}

/** Signs without any further framing; hedged unless `deterministic`. */
export function signFormatted(
  key: NodeKey,
  { bytes, isMu = false }: Formatted,
  deterministic: boolean,
): Uint8Array {
  const secret = secretHalf(key)
  const mlDsa = mlDsas[key.algorithm]
  const raw = secret.export({ format: mlDsa === undefined ? "raw-private" : "raw-seed" })
  try {
    if (mlDsa === undefined) {
      const { internal } = slhDsaOf(key)
      const fresh = randomBytes(internal.lengths.signRand ?? 0)
      return internal.sign(bytes, raw, { extraEntropy: !deterministic && fresh })
    }
    const { secretKey } = mlDsa.keygen(raw)
    const extraEntropy = !deterministic && randomBytes(32)
    const made = mlDsa.internal.sign(bytes, secretKey, { externalMu: isMu, extraEntropy })
    secretKey.fill(0)
    return made
  } finally {
    raw.fill(0)
  }
}

/** True when the signature is this key's over these bytes. */
export function verifyFormatted(
  key: NodeKey,
  { bytes, isMu = false }: Formatted,
  signature: Uint8Array,
): boolean {
  const half = publicHalf(key).export({ format: "raw-public" })
  const mlDsa = mlDsas[key.algorithm]
  try {
    return mlDsa === undefined
      ? slhDsaOf(key).internal.verify(signature, bytes, half)
      : mlDsa.internal.verify(signature, bytes, half, { externalMu: isMu })
  } catch {
    return false
  }
}

function slhDsaOf({ algorithm }: NodeKey): typeof slhDsa.slh_dsa_sha2_128f {
  const found = slhDsas[algorithm]
  if (found === undefined) throw new TypeError("the key is of no algorithm that is known here")
  return found
}
