/** What only the engine may see stays inside it. */
import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

const src = join(import.meta.dirname, "../../src")
/** Modules that hand out keys behind handles, or rows that ask for no permit. */
const inner = /engine\/(open-keys|node\/|known-answers)/
const imports = (text: string): string[] => text.match(/from "[^"]+"/g) ?? []

test("no module outside the engine imports what reaches behind a handle", () => {
  const files = globSync("**/*.ts", { cwd: src }).filter((path) => !path.startsWith("engine/"))
  const guilty = files.filter((path) =>
    imports(readFileSync(join(src, path), "utf8")).some((line) => inner.test(line)),
  )
  assert.deepEqual(guilty, [])
})

test("that check catches a planted import", () => {
  const planted = ["open-keys.ts", "node/key.ts", "known-answers/rsa-key.ts"]
  for (const path of planted) {
    const [line = ""] = imports(`import { x } from "../engine/${path}"`)
    assert.match(line, inner)
  }
  assert.doesNotMatch('from "../engine/key-handle.ts"', inner)
})
