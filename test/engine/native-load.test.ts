/** What is loaded into the process that holds all keys is ours, or nothing is. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { loadAddon, safePlace } from "../../src/engine/native/load.ts"
import { addonPath } from "../../src/engine/native/location.mjs"
import { path, skip } from "./native.ts"

const root = mkdtempSync(join(tmpdir(), "keyhold-native-"))
after(() => rmSync(root, { recursive: true }))

/** A file in two folders of its own, modes as given, and its path. */
function place({ file = 0o755, folder = 0o755, above = 0o755 }): string {
  const top = mkdtempSync(join(root, "place-"))
  const inner = join(top, "native")
  mkdirSync(inner)
  const path = join(inner, "keyhold.node")
  writeFileSync(path, "")
  chmodSync(path, file)
  chmodSync(inner, folder)
  chmodSync(top, above)
  return path
}

const unsafe: Record<string, string> = {
  "a file that anyone may write": place({ file: 0o757 }),
  "a file that its group may write": place({ file: 0o775 }),
  "a folder that anyone may write": place({ folder: 0o757 }),
  "a folder that anyone may write, sticky": place({ folder: 0o1777 }),
  "a folder that its group may write": place({ folder: 0o775 }),
  "a folder above that anyone may write": place({ above: 0o777 }),
  "a folder instead of a file": join(place({}), ".."),
  "nothing at all": join(root, "nothing"),
}
for (const [what, path] of Object.entries(unsafe)) {
  test(`the loader refuses ${what}`, () => {
    assert.equal(safePlace(path), undefined)
    assert.equal(loadAddon(path), undefined)
  })
}

test("the loader takes a file that only its owner may write, below sticky folders too", () => {
  for (const path of [place({}), place({ file: 0o700, folder: 0o700 }), place({ above: 0o1777 })]) {
    assert.equal(safePlace(path), path)
  }
})

test("a link is judged by where it leads", () => {
  const link = join(root, "link")
  symlinkSync(place({ file: 0o777 }), link)
  assert.equal(safePlace(link), undefined)
  const good = join(root, "good")
  const target = place({})
  symlinkSync(target, good)
  assert.equal(safePlace(good), target)
})

test("a file that is no addon stops the start instead of passing unnoticed", () => {
  assert.throws(() => loadAddon(place({})), { code: "ERR_DLOPEN_FAILED" })
})

test("KEYHOLD_NATIVE=off runs on node:crypto, and without it on the addon", { skip }, () => {
  const module = new URL("../../src/engine/open-keys.ts", import.meta.url).href
  const program = `import { provider } from "${module}"
    process.stdout.write(provider.name)`
  const run = (native: string): string => {
    const env = { ...process.env, KEYHOLD_NATIVE: native }
    const args = ["--input-type=module", "-e", program]
    return spawnSync(process.execPath, args, { env, encoding: "utf8" }).stdout
  }
  assert.equal(run("off"), "node:crypto")
  assert.equal(run(""), "native")
})

test("a moved addon serves, and another Node looks for another file", { skip }, () => {
  const here = place({})
  copyFileSync(path, here)
  chmodSync(here, 0o755)
  assert.notEqual(loadAddon(here), undefined)
  assert.notEqual(addonPath("26.10.1"), addonPath("26.10.0"))
})
