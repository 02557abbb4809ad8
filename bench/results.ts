/** The engine's part of bench/RESULTS.md, which stands behind the node's. */

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const file = join(import.meta.dirname, "RESULTS.md")
const head = "## Algorithms in the engine"

/** Empty when there is none. */
export function readAlgorithms(): string {
  const [, algorithms = ""] = readFileSync(file, "utf8").split(head)
  return algorithms.trim()
}

/** Replaces it; the node's stays. */
export function writeAlgorithms(text: string): void {
  const [node = ""] = readFileSync(file, "utf8").split(head)
  const parts = [node.trim(), ...(text === "" ? [] : [head, text])]
  writeFileSync(file, `${parts.join("\n\n")}\n`)
}
