/**
 * Known answers of SLH-DSA. Signatures are up to 50 KB, so they stand in a file beside this one:
 * for each set a private key (PKCS#8) and its deterministic signature of "Test".
 */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Answers, SignatureAnswer } from "./answer.ts"

/** In the file's order: the set, and how many bytes key and signature have (FIPS 205 table 2). */
const sets = [
  ["SLH_DSA_SHA2_128S", 84, 7856],
  ["SLH_DSA_SHA2_128F", 84, 17088],
  ["SLH_DSA_SHA2_192S", 116, 16224],
  ["SLH_DSA_SHA2_192F", 116, 35664],
  ["SLH_DSA_SHA2_256S", 150, 29792],
  ["SLH_DSA_SHA2_256F", 150, 49856],
  ["SLH_DSA_SHAKE_128S", 84, 7856],
  ["SLH_DSA_SHAKE_128F", 84, 17088],
  ["SLH_DSA_SHAKE_192S", 116, 16224],
  ["SLH_DSA_SHAKE_192F", 116, 35664],
  ["SLH_DSA_SHAKE_256S", 150, 29792],
  ["SLH_DSA_SHAKE_256F", 150, 49856],
] as const

/** One per parameter set. */
export const slhDsaAnswers = readAnswers()

function readAnswers() {
  const file = Uint8Array.from(readFileSync(join(import.meta.dirname, "slh-dsa.bin")))
  const message = new TextEncoder().encode("Test")
  let at = 0
  const take = (count: number): Uint8Array => file.subarray(at, (at += count))
  const answers = sets.map(([algorithm, keyBytes, signatureBytes]) => ({
    algorithm,
    source: "@noble/post-quantum 0.7.1",
    key: take(keyBytes),
    repeatable: false,
    slow: true,
    message,
    signature: take(signatureBytes),
  }))
  const [first, ...rest] = answers
  if (first === undefined) throw new RangeError("no answers")
  return [first, ...rest] as const satisfies Answers<SignatureAnswer>
}
