/** The document of algorithms says what the tables say. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { generateAlgorithms } from "../../tools/generate-algorithms.ts"

test("the list of algorithms is what the tables generate", () => {
  for (const [path, text] of Object.entries(generateAlgorithms())) {
    const written = readFileSync(join(import.meta.dirname, "../..", path), "utf8")
    assert.ok(written === text, `${path} is out of date: npm run generate`)
    assert.match(text, /\| `AES_ECB` \| encryption \| legacy \|/)
  }
})
