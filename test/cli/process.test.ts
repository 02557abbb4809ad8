/** The command as a process: exit codes and pipes. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"

const main = join(import.meta.dirname, "../../src/cli/main.ts")

function keyhold(...args: string[]) {
  // No node to talk to, wherever the tests run.
  const env = { PATH: process.env["PATH"], KEYHOLD_DATA: "/nonexistent" }
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", env })
}

test("the process ends with the run's exit code", () => {
  assert.equal(keyhold("algorithms").status, 0)
  assert.equal(keyhold("whoami").status, 1)
  assert.equal(keyhold("key", "create").status, 2)
  assert.equal(keyhold("audit", "verify", "/dev/null").status, 3)
})

test("a reader that closes the pipe early is no failure", () => {
  const list = `"${process.execPath}" "${main}" algorithms`
  const line = `${list} | head -c 1; echo " $?" "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" })
  assert.equal(stdout, "A 0 0\n")
  assert.equal(stderr, "")
})
