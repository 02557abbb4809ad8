/**
 * Known answers of stateful hash-based signatures, to verify: signing has its own test with each
 * pair that is made. In the file beside this one: each raw public key, and its signature of "Test".
 */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { SignatureId } from "../provider.ts"
import { hashBasedSpki } from "../hbs/keys.ts"
import type { Answers, SignatureAnswer } from "./answer.ts"

const file = Uint8Array.from(readFileSync(join(import.meta.dirname, "hash-based.bin")))
const message = new TextEncoder().encode("Test")
let at = 0

/** The next `count` bytes of the file. */
function take(count: number): Uint8Array {
  at += count
  return file.subarray(at - count, at)
}

/** The file's next answer. */
function answer<const Id extends KeyAlgorithmId>(algorithm: Id, keyBytes: number, bytes: number) {
  const publicKey = hashBasedSpki(algorithm, take(keyBytes))
  const source = "Bouncy Castle 1.72"
  return { algorithm, source, publicKey, message, signature: take(bytes) } as const
}

const single = answer("LMS_SHA256_H5", 60, 2352)

/** By mechanism; in the order of the file. */
export const hashBasedAnswers = {
  HSS_LMS: [
    single,
    { ...single, algorithm: "HSS_LMS" },
    answer("LMS_SHA256_H10", 60, 2512),
    answer("LMS_SHA256_H15", 60, 2672),
    answer("HSS_SHA256_H5_H5", 60, 4756),
    answer("HSS_SHA256_H10_H10", 60, 5076),
  ],
  XMSS: [answer("XMSS_SHA2_10_256", 68, 2500)],
} as const satisfies Readonly<Partial<Record<SignatureId, Answers<SignatureAnswer>>>>
