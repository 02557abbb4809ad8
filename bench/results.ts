/** The parts of bench/RESULTS.md that stand behind the node's own figures, each under its head. */

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const file = join(import.meta.dirname, "RESULTS.md")
const heads = {
  algorithms: "## Algorithms in the engine",
  timing: "## Timing of failures",
  aws: "## AWS's dialects",
  quorum: "## Signatures that people approve",
  timestamps: "## Timestamps",
} as const
export type Part = keyof typeof heads
const parts: readonly Part[] = ["algorithms", "timing", "aws", "quorum", "timestamps"]

/** Texts without their heads; empty where there is none. */
export type Results = Readonly<Record<Part, string>>

export function readResults(): Results {
  return {
    algorithms: textOf("algorithms"),
    timing: textOf("timing"),
    aws: textOf("aws"),
    quorum: textOf("quorum"),
    timestamps: textOf("timestamps"),
  }
}

function textOf(part: Part): string {
  const [, found = ""] = readFileSync(file, "utf8").split(heads[part])
  return (found.split(/^## /m)[0] ?? "").trim()
}

/** Replaces the parts named; the node's figures stay, and so do the others. */
export function writeResults(changed: Partial<Results>): void {
  const whole = readFileSync(file, "utf8")
  const own = parts.reduce((text, part) => text.split(heads[part])[0] ?? "", whole)
  const texts = { ...readResults(), ...changed }
  const kept = parts.filter((part) => texts[part] !== "")
  const all = [own.trim(), ...kept.flatMap((part) => [heads[part], texts[part]])]
  writeFileSync(file, `${all.join("\n\n")}\n`)
}
