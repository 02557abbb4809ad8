import assert from "node:assert/strict"
import { PassThrough } from "node:stream"
import { test } from "node:test"

import { Input } from "../../src/cli/input.ts"
import { Output } from "../../src/cli/output.ts"
import { readPassword } from "../../src/cli/password.ts"

const connect = () => Promise.reject(new Error("not asked for"))

/** Types each answer at a terminal when its question is shown. */
async function answer(prompt: readonly [string, ...string[]], ...answers: readonly string[]) {
  const modes: boolean[] = []
  const setRawMode = (raw: boolean) => modes.push(raw)
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode })
  const stderr = new PassThrough()
  const shown: string[] = []
  stderr.on("data", (text: Buffer) => {
    shown.push(String(text))
    stdin.write(answers[shown.length - 1] ?? "")
  })
  const out = new Output({ stdout: new PassThrough(), stderr, json: false })
  try {
    using password = await readPassword({ out, stdin, connect }, new Input({}), prompt)
    return { typed: password.lend((bytes) => Buffer.from(bytes).toString()), shown, modes }
  } catch (error) {
    assert(error instanceof Error)
    return { failure: error.message, shown, modes }
  }
}

test("a password is typed unseen, twice, and can be corrected", async () => {
  const { typed, shown, modes } = await answer(["Password:", "Again:"], "tyß\u007fpe\r", "type\n")
  assert.equal(typed, "type")
  assert.deepEqual(shown, ["Password:\n", "Again:\n"])
  assert.deepEqual(modes, [true, false, true, false])
})

test("two different answers, and an interruption, are failures", async () => {
  const differing = await answer(["Password:", "Again:"], "one\r", "two\r")
  assert.equal(differing.failure, "the two passwords differ")
  const interrupted = await answer(["Password:"], "on\u0003")
  assert.equal(interrupted.failure, "interrupted")
  assert.deepEqual(interrupted.modes, [true, false])
})
