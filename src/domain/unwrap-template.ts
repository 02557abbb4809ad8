/** What may become of a key that is unwrapped or derived: it can be made twice. */

import { keyAlgorithm, keyUsages, type KeyAlgorithmId, type KeyUsage } from "./algorithms.ts"
import type { Instant, KeyId } from "./ids.ts"
import type { KeyAttributes, KeyRecord } from "./key.ts"

/** What a key may unwrap, and what that may be used for. */
export interface UnwrapTemplate {
  /** Absent: every algorithm. */
  readonly algorithms?: readonly KeyAlgorithmId[]
  /** Absent: {@link untrustedUsages}. Unwrap or derive stand alone; wrap never is here. */
  readonly usages?: readonly KeyUsage[]
  /** Unwraps one key, within so long of its own creation, and is destroyed. Absent: any number. */
  readonly onceWithinMs?: number
  /** What it unwraps is the material of this key, which is there and waits. Absent: a new key. */
  readonly into?: KeyId
}

/** What is asked for a key that is to be made of another. */
export type MadeAttributes = {
  readonly [Name in "usages" | "extractable" | "sensitive"]?: KeyAttributes[Name] | undefined
} & {
  /** The key that gets it as its material; absent: a new one. */
  readonly into?: KeyId
}

/**
 * Uses of keys that can be made twice, unwrapped or derived, where no template says otherwise: a
 * key must not have one use under one handle and another under a second one that gives it away.
 * What encrypts or makes MACs computes what a secret key derives, wraps and unwraps.
 */
export function untrustedUsages(algorithm: KeyAlgorithmId): readonly KeyUsage[] {
  const { form } = keyAlgorithm(algorithm)
  return keyUsages.filter(
    (usage) => usage !== "wrap" && usage !== "unwrap" && (usage !== "derive" || form === "pair"),
  )
}

/** What a key of that algorithm is for, as far as one may that can be made twice. */
export function untrustedDefaults(algorithm: KeyAlgorithmId): readonly KeyUsage[] {
  const admitted = untrustedUsages(algorithm)
  return keyAlgorithm(algorithm).defaultUsages.filter((usage) => admitted.includes(usage))
}

/** When a key that unwraps once is destroyed, used or not; undefined for every other. */
export function unwrapsUntil({ state, unwraps, createdAt }: KeyRecord): Instant | undefined {
  if (state === "destroyed" || unwraps?.onceWithinMs === undefined) return undefined
  return (createdAt + unwraps.onceWithinMs) as Instant
}

/** Why a key may not be made of this one as it is asked for; undefined: it may. */
export function againstTemplate(
  key: KeyRecord,
  made: {
    readonly algorithm: KeyAlgorithmId
    readonly attributes: MadeAttributes
    readonly now: Instant
  },
): string | undefined {
  const { algorithm, now } = made
  const { usages = [], extractable, sensitive, into } = made.attributes
  const { algorithms, usages: admitted = untrustedUsages(algorithm) } = key.unwraps ?? {}
  if (now >= (unwrapsUntil(key) ?? Infinity)) return "the key's time to unwrap is over"
  if (key.unwraps?.into !== into) return "it is no key for material of that one"
  if (algorithms?.includes(algorithm) === false) {
    return `the key's template does not admit ${algorithm}`
  }
  if (extractable === true && !key.attributes.extractable) return "no key made of it may leave"
  if (sensitive === false && key.attributes.sensitive) return "a key made of it is sensitive"
  const odd = usages.find((usage) => !admitted.includes(usage))
  return odd === undefined ? undefined : `a key made of it is not to ${odd}`
}
