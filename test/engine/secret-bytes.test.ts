/** Secrets do not show, and end. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"

test("secret bytes show in no print, no JSON, no template and no enumeration", () => {
  const secret = new SecretBytes(Uint8Array.of(222, 173))
  const shown = [
    inspect(secret, { showHidden: true }),
    JSON.stringify({ secret }),
    secret.toString(),
    String(secret),
    Object.entries(secret).join(),
  ]
  for (const text of shown) assert.doesNotMatch(text, /222|173|dead/i)
  assert.equal(secret.length, 2)
  assert.equal(
    secret.lend((bytes) => bytes.toHex()),
    "dead",
  )
})

test("secret bytes are wiped when their scope ends", () => {
  const bytes = Uint8Array.of(1, 2, 3)
  {
    using secret = new SecretBytes(bytes)
    assert.equal(
      secret.lend((lent) => lent[2]),
      3,
    )
  }
  assert.deepEqual([...bytes], [0, 0, 0])
})
