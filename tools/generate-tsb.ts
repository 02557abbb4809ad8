/** Writes api/tsb.openapi.generated.json from the tables that serve the dialect. */

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { tsbOpenApi } from "../src/faces/tsb/openapi.ts"

const root = join(import.meta.dirname, "..")
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly version: string
}

/** The generated files by their path in the repository. */
export function generateTsb(): Readonly<Record<string, string>> {
  return {
    "api/tsb.openapi.generated.json": `${JSON.stringify(tsbOpenApi(version), undefined, 1)}\n`,
  }
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generateTsb())) {
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
