/** The dialect's ways to wrap a key, and ours. What the original's RSA methods are is not known. */

import type { KeyAlgorithmId, MechanismId } from "../../domain/algorithms.ts"
import { Fault } from "./fault.ts"
import { algorithmOf, algorithmsNamed, specOf } from "./vocabulary.ts"

interface WrapMethod {
  readonly mechanism: MechanismId
  /** Of the key inside, where the method's name says it. */
  readonly family?: string
}

const methods = {
  AES_WRAP: "AES_KW",
  AES_WRAP_PAD: "AES_KWP",
  RSA_WRAP_PAD: "RSA_AES_KWP_SHA_256",
  // As RSA_PADDING_OAEP among the ciphers.
  RSA_WRAP_OAEP: "RSA_OAEP_WRAP_SHA_1",
} as const satisfies Readonly<Record<string, MechanismId>>

const families = ["DSA", "EC", "ED", "RSA", "BLS"] as const

const byName: ReadonlyMap<string, WrapMethod> = new Map<string, WrapMethod>([
  ...Object.entries(methods).map(([name, mechanism]) => [name, { mechanism }] as const),
  ...(["AES_WRAP", "AES_WRAP_PAD"] as const).flatMap((name) =>
    families.map((family) => [`${name}_${family}`, { mechanism: methods[name], family }] as const),
  ),
])

/** @throws Fault for a name that stands for nothing here. */
export function wrapMethodOf(name: string): WrapMethod {
  const found = byName.get(name)
  if (found !== undefined) return found
  throw new Fault("algorithm.not.supported.by.key", `there is no wrapping ${name} here`)
}

/** Refuses a method whose name says another kind of key. @throws Fault. */
export function checkFamily(name: string, algorithm: KeyAlgorithmId): void {
  const { family } = wrapMethodOf(name)
  if (family === undefined || specOf(algorithm).algorithm === family) return
  throw new Fault("algorithm.not.supported.by.key", `${name} wraps keys of ${family} alone`)
}

/**
 * What the key inside may be: what the caller says, else all of the method's family; without one, a
 * key of AES.
 *
 * @throws Fault for what there is not.
 */
export function algorithmsInside(
  name: string,
  asked: {
    readonly algorithm: string | undefined
    readonly curveOid: string | undefined
    readonly keySize: number | undefined
  },
): readonly [KeyAlgorithmId, ...KeyAlgorithmId[]] {
  const { algorithm, curveOid, keySize } = asked
  const { family } = wrapMethodOf(name)
  if (algorithm !== undefined) {
    const one = algorithmOf({ algorithm, curveOid, keySize, derives: undefined })
    checkFamily(name, one)
    return [one]
  }
  return algorithmsNamed(family ?? "AES")
}
