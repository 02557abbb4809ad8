import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { startDevNode, type DevNode } from "../support/dev-node.ts"

const examples = join(import.meta.dirname, "../../examples")
const folder = mkdtempSync(join(tmpdir(), "keyhold-examples-"))
let node: DevNode

before(async () => {
  node = await startDevNode()
  writeFileSync(join(folder, "dev.json"), JSON.stringify(node.dev))
})
after(async () => {
  await node.stop()
  rmSync(folder, { recursive: true })
})

/** Runs an example in a process of its own; rejects unless it ends with 0. */
async function run(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(examples, name, "main.ts"), ...args],
    { env: { ...process.env, KEYHOLD_DATA: folder } },
  )
  return stdout
}

test("a folder is encrypted by envelope and restored bit for bit", async () => {
  const tree = join(folder, "tree")
  mkdirSync(join(tree, "a/b"), { recursive: true })
  writeFileSync(join(tree, "empty"), "")
  writeFileSync(join(tree, "a/one chunk"), Buffer.alloc(65_536, 1))
  writeFileSync(join(tree, "a/b/größer.bin"), Buffer.alloc(1_000_001, 2))
  writeFileSync(join(tree, "a/script"), "#!/bin/sh\n", { mode: 0o755 })
  symlinkSync("empty", join(tree, "link"))
  assert.match(await run("encrypt-tree", tree), /^4 files .* bit for bit\n.* does not open\n$/)
})

test("a file is signed, and OpenSSL verifies it", async () => {
  const path = join(folder, "document")
  writeFileSync(path, Buffer.alloc(1_500_000, "document"))
  assert.match(await run("sign-file", path), /OpenSSL verifies/)
})

test("deleting one customer's key makes exactly his rows unreadable", async () => {
  assert.match(await run("customer-keys"), /his 400 rows are gone, no others/)
})

test("an example fails when its node refuses it", async () => {
  await assert.rejects(run("sign-file", join(folder, "missing")), { code: 1 })
})

test("every example is run here and has a text of its own", () => {
  const folders = readdirSync(examples).toSorted()
  assert.deepEqual(folders, ["customer-keys", "encrypt-tree", "sign-file"])
  for (const name of folders) {
    assert.deepEqual(readdirSync(join(examples, name)).toSorted(), ["README.md", "main.ts"])
  }
})
