/** Labels: a key's name, or a name and the path from a seed, such as `master/44'/60'/0'`. */

import { keyAlgorithm } from "../../domain/algorithms.ts"
import type { KeyRecord } from "../../domain/key.ts"
import { invalid } from "./fault.ts"

/** A key as a label names it. */
export interface Labelled {
  readonly key: string
  /** As domain/derivation.ts reads it; undefined where the label has none. */
  readonly path: string | undefined
}

/** @throws Fault for an empty one. */
export function readLabel(label: string): Labelled {
  const slash = label.indexOf("/")
  const key = slash < 0 ? label : label.slice(0, slash)
  if (key === "") throw invalid("a label is not empty")
  return { key, path: slash < 0 ? undefined : `m${label.slice(slash)}` }
}

/** The key of a label that is one's name and no more. @throws Fault with `why` where it is more. */
export function wholeKey(label: string, why: string): string {
  const { key, path } = readLabel(label)
  if (path !== undefined) throw invalid(why)
  return key
}

/** A seed stands for the pair at its own root, as in the dialect every key does. */
export function pathOn(key: KeyRecord, path: string | undefined): string | undefined {
  return path ?? (isSeed(key) ? "m" : undefined)
}

export function isSeed({ algorithm }: Pick<KeyRecord, "algorithm">): boolean {
  return keyAlgorithm(algorithm).form === "seed"
}
