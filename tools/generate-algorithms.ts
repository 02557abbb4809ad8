/** Writes docs/algorithms.md from the tables in src/domain/algorithms.ts and mechanisms.ts. */

import { join } from "node:path"
import { writeFileSync } from "node:fs"

import {
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  mechanisms,
  type KeyAlgorithmId,
  type MechanismId,
} from "../src/domain/algorithms.ts"

const root = join(import.meta.dirname, "..")
// The tables' keys are their identifiers.
const algorithmIds = Object.keys(keyAlgorithms) as KeyAlgorithmId[]
const mechanismIds = Object.keys(mechanisms) as MechanismId[]

/** The generated files by their path in the repository. */
export function generateAlgorithms(): Readonly<Record<string, string>> {
  return { "docs/algorithms.md": document() }
}

function document(): string {
  const algorithms = algorithmIds.map((id) => {
    const { form, status, usages, mechanisms: served, source } = keyAlgorithm(id)
    return [code(id), form, status, usages.join(", "), served.map(code).join(" "), source]
  })
  const rows = mechanismIds.map((id) => {
    const { kind, status, source } = mechanismRow(id)
    return [code(id), kind, status, boundOf(id), parametersOf(id).map(code).join(" "), source]
  })
  return `# Algorithms

Made by \`npm run generate\` from the tables that decide what the engine runs:
[keys](../src/domain/algorithms.ts) and [mechanisms](../src/domain/mechanisms.ts).

- **recommended**: for new work.
- **acceptable**: sound, where something else asks for it.
- **legacy**: off by default, for old data. An officer of the partition switches it on with the flag
  \`legacyAlgorithms\`, and the audit log shows that.

A bound on seals is counted: before a key version has used it up, the key gets its next version by
itself.

## Keys

The first mechanism of each kind is the default.

${table(["Key algorithm", "Form", "Status", "Possible uses", "Mechanisms", "Standard"], algorithms)}
## Mechanisms

${table(["Mechanism", "Kind", "Status", "Bound", "Parameters", "Standard"], rows)}`
}

/** How much of it, and of which sizes. */
function boundOf(id: MechanismId): string {
  const { sealsMax, digestBytes, messageBytes } = mechanismRow(id)
  return [
    ...(sealsMax === undefined ? [] : [`2^${Math.log2(sealsMax)} seals per key version`]),
    ...(digestBytes === undefined ? [] : [`digests of ${digestBytes} bytes`]),
    ...(messageBytes === undefined ? [] : [`messages of ${messageBytes} bytes`]),
  ].join(", ")
}

/** What a signature may be asked for, as the API names it. */
function parametersOf(id: MechanismId): readonly string[] {
  const { context, deterministic, pss, mu, taproot } = mechanismRow(id)
  return [
    ...(context === undefined ? [] : ["context"]),
    ...(deterministic === true ? ["deterministic"] : []),
    ...(pss === true ? ["saltLength", "mgfHash"] : []),
    ...(mu === true ? ["mu"] : []),
    ...(taproot === true ? ["auxRandom", "merkleRoot"] : []),
  ]
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(line).join("")
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generateAlgorithms())) {
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
