/** Writes docs/algorithms.md from the tables in src/domain/algorithms.ts and mechanisms.ts. */

import { join } from "node:path"
import { writeFileSync } from "node:fs"

import {
  listKeyAlgorithms,
  listMechanisms,
  type KeyAlgorithmEntry,
  type MechanismEntry,
} from "../src/domain/catalogue.ts"

const root = join(import.meta.dirname, "..")

/** The generated files by their path in the repository. */
export function generateAlgorithms(): Readonly<Record<string, string>> {
  return { "docs/algorithms.md": document() }
}

const keyHead = ["Key algorithm", "Form", "Status", "Possible uses", "Signature bytes", "Standard"]
const mechanismHead = ["Mechanism", "Kind", "Status", "Bound", "Parameters", "Standard"]

function document(): string {
  return `# Algorithms

Made by \`npm run generate\` from the tables that decide what the engine runs:
[keys](../src/domain/algorithms.ts) and [mechanisms](../src/domain/mechanisms.ts). A node lists them
at \`GET /api/v1/algorithms\`, the command line by \`keyhold algorithms\`.

- **recommended**: for new work.
- **acceptable**: sound, where something else asks for it.
- **legacy**: off by default, for old data. An officer of the partition switches it on with the flag
  \`legacyAlgorithms\`, and the audit log shows that.

A bound on seals is counted: before a key version has used it up, the key gets its next version by
itself.

## Keys

A *seed* is used by derivation path (BIP 32) and never leaves. A signature's size is that of ECDSA's
raw form. LMS, HSS and XMSS make so many signatures per key version and then no more
([ADR 124](adr/0124-stateful-signatures.md)); \`HSS_LMS\` verifies under public keys of any
parameters of RFC 8554. The first mechanism of each kind is the default.

${table(keyHead, listKeyAlgorithms().map(algorithmCells))}
## What each key serves

${listKeyAlgorithms().map(served).join("\n")}

## Mechanisms

A parameter is one of a request's fields; \`digest\` and \`mu\` are values of its \`messageType\`.

${table(mechanismHead, listMechanisms().map(mechanismCells))}`
}

function algorithmCells(entry: KeyAlgorithmEntry): readonly string[] {
  const { algorithm, form, status, usages, signatureBytes, signaturesMax, source } = entry
  const count = signaturesMax === undefined ? "" : `, 2^${Math.log2(signaturesMax)} of them`
  const size = signatureBytes === undefined ? "" : `${signatureBytes}${count}`
  return [code(algorithm), form, status, usages.join(", "), size, source]
}

function served({ algorithm, mechanisms }: KeyAlgorithmEntry): string {
  return `- ${code(algorithm)}: ${mechanisms.map(code).join(" ")}`
}

function mechanismCells(entry: MechanismEntry): readonly string[] {
  const { mechanism, kind, status, parameters, source } = entry
  const shown = parameters.map(code).join(" ")
  return [code(mechanism), kind, status, boundOf(entry), shown, source]
}

/** How much of it, and of which sizes. */
function boundOf({ sealsMax, digestBytes, messageBytes }: MechanismEntry): string {
  return [
    ...(sealsMax === undefined ? [] : [`2^${Math.log2(sealsMax)} seals per key version`]),
    ...(digestBytes === undefined ? [] : [`digests of ${digestBytes} bytes`]),
    ...(messageBytes === undefined ? [] : [`messages of ${messageBytes} bytes`]),
  ].join(", ")
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
