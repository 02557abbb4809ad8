/** What a key that is to be made may be asked to be: rules that need nothing but the template. */

import assert from "node:assert/strict"

import { keyAlgorithm, type KeyUsage } from "../domain/algorithms.ts"
import { isPathPattern } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import { isName } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import type { CreateKeyCommand, KeyTemplate } from "./commands.ts"

/** Without a name, the key's id is its name. */
export type Template = Omit<KeyTemplate, "name"> & Pick<CreateKeyCommand, "name" | "kms">

/** True for what {@link checkTemplate} lets through. */
export function isTemplate(template: Template): boolean {
  try {
    checkTemplate(template)
    return true
  } catch {
    return false
  }
}

/** @throws HsmError MALFORMED_REQUEST that names the field. */
export function checkTemplate(template: Template): void {
  if (template.name !== undefined && !isName(template.name)) {
    malformed("/name", "a name is 1 to 128 letters, digits and ._:@+-, and not an id")
  }
  checkUsages(template)
  if (template.sensitive === false && template.extractable !== true) {
    malformed("/sensitive", "only an extractable key may be other than sensitive")
  }
  if (template.rules !== undefined && template.extractable === true) {
    malformed("/extractable", "a key with rules never leaves")
  }
  checkTags(template.tags ?? {})
  checkSeed(template)
  checkUnwraps(template)
  const period = template.rotationPeriodMs
  if (period !== undefined) checkPeriod(template, period)
}

/** Paths belong to seeds; seeds never leave, nor does what counts its signatures. */
function checkSeed({ algorithm, paths, extractable }: Template): void {
  const { form, stateful } = keyAlgorithm(algorithm)
  if ((form === "seed" || stateful !== undefined) && extractable === true) {
    malformed("/extractable", `a key of ${algorithm} never leaves`)
  }
  if (form !== "seed" && paths !== undefined) malformed("/paths", "only a seed has paths")
  if (paths !== undefined) checkPaths(paths)
}

/** A template is of a key that unwraps; wrapping keys are made here, or imported as such. */
function checkUnwraps({ algorithm, usages = [], unwraps, destroyable }: Template): void {
  if (unwraps === undefined) return
  if (unwraps.onceWithinMs !== undefined && (usages.length > 1 || destroyable === false)) {
    malformed("/unwraps/onceWithinSeconds", "what unwraps once does nothing else, and is destroyed")
  }
  if (!usages.includes("unwrap")) malformed("/unwraps", `a key of ${algorithm} that unwraps has it`)
  const { usages: admitted = [] } = unwraps
  if (admitted.includes("wrap")) malformed("/unwraps/usages", "an unwrapped key does not wrap")
  const alone = admitted.find((usage) => usage === "unwrap" || usage === "derive")
  if (alone !== undefined && admitted.length > 1) {
    malformed("/unwraps/usages", `what may ${alone} may do nothing else`)
  }
}

export function checkPaths(paths: readonly string[]): void {
  const isBounded = paths.length > 0 && paths.length <= limits.pathPatternsMax
  if (isBounded && paths.every(isPathPattern)) return
  malformed(
    "/paths",
    `1 to ${limits.pathPatternsMax} patterns such as m/44'/60'/*'/0/* or m/84'/**`,
  )
}

/**
 * Whoever could wrap and decrypt, or unwrap and encrypt, could take keys out (Clulow, CHES 2003).
 * What derives or decapsulates gives away the secret that a key was wrapped under.
 */
const apart: readonly (readonly [KeyUsage, KeyUsage])[] = [
  ["wrap", "decrypt"],
  ["unwrap", "encrypt"],
  ["wrap", "derive"],
  ["unwrap", "derive"],
  ["wrap", "decapsulate"],
  ["unwrap", "decapsulate"],
]

/** Whoever could encrypt a block could forge a CMAC: SP 800-57 part 1 section 5.2. */
export function checkUsages({
  algorithm,
  usages = [],
}: Pick<KeyTemplate, "algorithm" | "usages">): void {
  const allowed = keyAlgorithm(algorithm).usages
  const odd = usages.find((usage) => !allowed.includes(usage))
  if (odd !== undefined) malformed("/usages", `a key of ${algorithm} cannot ${odd}`)
  const odds = apart.find((pair) => pair.every((usage) => usages.includes(usage)))
  if (odds !== undefined) malformed("/usages", `no key holds ${odds.join(" together with ")}`)
  const isSecret = keyAlgorithm(algorithm).form === "secret"
  if (isSecret && usages.length > 1 && usages.includes("derive")) {
    malformed("/usages", "a secret key that others are derived from does nothing else")
  }
  const ciphers = usages.some((usage) => usage !== "sign" && usage !== "verify")
  const macs = usages.some((usage) => usage === "sign" || usage === "verify")
  if (isSecret && ciphers && macs) {
    malformed("/usages", "a secret key encrypts or authenticates, not both")
  }
}

export function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags)
  const { tagsMax, tagKeyLengthMax, tagValueLengthMax } = limits
  if (entries.length > tagsMax) malformed("/tags", `at most ${tagsMax} tags`)
  for (const [name, value] of entries) {
    if (name.length < 1 || name.length > tagKeyLengthMax || value.length > tagValueLengthMax) {
      malformed("/tags", "a tag's name or value is too long")
    }
  }
}

export function checkPeriod({ algorithm }: Pick<KeyTemplate, "algorithm">, period: number): void {
  assert(Number.isInteger(period))
  if (period < limits.rotationPeriodMinMs || period > limits.rotationPeriodMaxMs) {
    malformed("/rotationPeriodSeconds", "a rotation period is one day to ten years")
  }
  const { form } = keyAlgorithm(algorithm)
  if (form === "pair") {
    malformed("/rotationPeriodSeconds", "key pairs rotate by hand: others hold the public half")
  }
  if (form === "seed") malformed("/rotationPeriodSeconds", "a seed does not rotate")
}

function malformed(field: string, message: string): never {
  throw new HsmError("MALFORMED_REQUEST", message, { field })
}
