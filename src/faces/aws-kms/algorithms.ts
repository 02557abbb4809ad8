/** What AWS has against an algorithm on a key that ours would serve. */

import type { KmsUsage } from "../../service/kms/key-specs.ts"
import { Fault, invalid } from "./fault.ts"
import type { Target } from "./target.ts"
import {
  abilities,
  type EncryptionAlgorithm,
  type MacAlgorithm,
  type SigningAlgorithm,
} from "./vocabulary.ts"

/** RFC 8017 section 7.1.1: what the modulus leaves. */
const oaepOverhead = { RSAES_OAEP_SHA_1: 42, RSAES_OAEP_SHA_256: 66 } as const

/** Undefined: nothing, or the key is of another use, which the decision says better. */
export function encryptionFault(
  { found }: Target,
  { name, plaintext }: { readonly name: EncryptionAlgorithm; readonly plaintext?: Uint8Array },
): Fault | undefined {
  if (found?.usage !== "ENCRYPT_DECRYPT") return undefined
  const { spec } = found
  if (!isAble(abilities[spec].encryption, name)) return incompatible(name, spec)
  if (name === "SYMMETRIC_DEFAULT" || plaintext === undefined) return undefined
  const most = Number(spec.slice("RSA_".length)) / 8 - oaepOverhead[name]
  if (plaintext.length <= most) return undefined
  return invalid(
    `Algorithm ${name} and key spec ${spec} cannot encrypt data larger than ${most} bytes.`,
  )
}

export function signingFault(target: Target, name: SigningAlgorithm): Fault | undefined {
  return abilityFault(target, { usage: "SIGN_VERIFY", of: "signing", name })
}

export function macFault(target: Target, name: MacAlgorithm): Fault | undefined {
  return abilityFault(target, { usage: "GENERATE_VERIFY_MAC", of: "mac", name })
}

function abilityFault(
  { found }: Target,
  wanted: { readonly usage: KmsUsage; readonly of: "signing" | "mac"; readonly name: string },
): Fault | undefined {
  if (found?.usage !== wanted.usage) return undefined
  const { spec } = found
  return isAble(abilities[spec][wanted.of], wanted.name)
    ? undefined
    : incompatible(wanted.name, spec)
}

function isAble(names: readonly string[] | undefined, name: string): boolean {
  return names?.includes(name) === true
}

function incompatible(name: string, spec: string): Fault {
  const text = `Algorithm ${name} is incompatible with key spec ${spec}.`
  return new Fault("InvalidKeyUsageException", text)
}
