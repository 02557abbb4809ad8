/** Which folders under test/ run together in one process; each suite is one `test/suites` file. */
import { globSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"

const root = join(import.meta.dirname, "..")

/** Every `*.test.ts` belongs to exactly one suite: tidy checks it. */
export const suites = {
  unit: [
    "domain",
    "codec",
    "engine",
    "sealing",
    "store",
    "records",
    "identity",
    "audit",
    "service",
    "faces",
    "cli",
    "daemon",
    "tools",
    "contract",
    "property",
    "packages",
  ],
  vectors: ["vectors"],
  wire: ["wire", "matrix", "examples"],
  durability: ["kill", "tamper", "simulation", "cluster"],
} as const satisfies Record<string, readonly string[]>

export type Suite = keyof typeof suites

/** The test files of a suite, relative to the root, in a stable order. */
export function testFiles(suite: Suite): string[] {
  const patterns = suites[suite].map((folder) => `test/${folder}/**/*.test.ts`)
  return globSync(patterns, { cwd: root }).toSorted()
}

/** Imports every test file of a suite. */
export async function importSuite(suite: Suite): Promise<void> {
  await importFiles(testFiles(suite))
}

/**
 * Imports test files. One that does not load becomes a failing test of its own, so that it hides no
 * other file's result.
 */
export async function importFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await import(pathToFileURL(join(root, file)).href)
    } catch (error) {
      test(`${file} loads`, () => {
        throw error
      })
    }
  }
}
