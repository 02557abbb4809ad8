/**
 * Derivation paths (BIP 32): which of a seed's keys is meant, and the patterns that say which may
 * be. Pure.
 */

import { limits } from "./limits.ts"

/** From here on a step is hardened: BIP 32, "Extended keys". */
export const hardenedOffset = 0x8000_0000

/** Steps from the seed's own key; those from {@link hardenedOffset} are hardened. */
export type DerivationPath = readonly number[]

/** One step of a pattern: an index, or any one that is hardened, or not. */
type Step = number | "*" | "*'"

interface Pattern {
  readonly steps: readonly Step[]
  /** It ends in `/**`: whatever follows. */
  readonly isOpen: boolean
}

/** Every path there is. */
export const everyPath = "m/**"

/** `m/44'/60'/0'/0/0`, with `'` or `h` for hardened steps; undefined for anything else. */
export function parsePath(text: string): DerivationPath | undefined {
  const steps = readSteps(text)
  return steps?.every((step) => typeof step === "number") === true ? steps : undefined
}

/** The one way in which a path is written. */
export function formatPath(path: DerivationPath): string {
  return ["m", ...path.map(formatStep)].join("/")
}

/** True for a pattern of paths: steps may be `*` or `*'`, and its end may be `/**`. */
export function isPathPattern(text: string): boolean {
  return readPattern(text) !== undefined
}

/** True when one of the patterns admits the path. */
export function admitsPath(patterns: readonly string[], path: DerivationPath): boolean {
  return patterns.some((text) => {
    const pattern = readPattern(text)
    return pattern !== undefined && covers(pattern, { steps: path, isOpen: false })
  })
}

/** True when every path that `text` admits is admitted by one of the patterns alone. */
export function coversPattern(patterns: readonly string[], text: string): boolean {
  const wanted = readPattern(text)
  return patterns.some((known) => {
    const pattern = readPattern(known)
    return wanted !== undefined && pattern !== undefined && covers(pattern, wanted)
  })
}

function covers(wide: Pattern, narrow: Pattern): boolean {
  const { length } = wide.steps
  if (narrow.isOpen && !wide.isOpen) return false
  if (wide.isOpen ? narrow.steps.length < length : narrow.steps.length !== length) return false
  return wide.steps.every((step, at) => coversStep(step, narrow.steps[at]))
}

function coversStep(wide: Step, narrow: Step | undefined): boolean {
  if (wide === narrow) return true
  if (typeof narrow !== "number" || typeof wide === "number") return false
  return wide === "*'" ? narrow >= hardenedOffset : narrow < hardenedOffset
}

function readPattern(text: string): Pattern | undefined {
  const isOpen = text.endsWith("/**")
  const steps = readSteps(isOpen ? text.slice(0, -"/**".length) : text)
  return steps === undefined ? undefined : { steps, isOpen }
}

function readSteps(text: string): Step[] | undefined {
  const [root, ...parts] = text.split("/")
  if (root !== "m" || parts.length > limits.pathStepsMax) return undefined
  const steps = parts.map(readStep)
  return steps.every((step) => step !== undefined) ? steps : undefined
}

function readStep(text: string): Step | undefined {
  if (text === "*" || text === "*'") return text
  if (text === "*h") return "*'"
  const [, digits, mark] = /^(0|[1-9]\d{0,9})(['h]?)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const index = Number(digits)
  if (index >= hardenedOffset) return undefined
  return mark === "" ? index : index + hardenedOffset
}

function formatStep(step: number): string {
  return step < hardenedOffset ? `${step}` : `${step - hardenedOffset}'`
}
