import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { test } from "node:test"

import { HashKey } from "../../src/engine/keyed-hash.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"

const secret = Buffer.alloc(32, 7)
const message = Buffer.from("a bearer token's secret")

test("a keyed hash is HMAC-SHA-256, also after the key's bytes were wiped", () => {
  const bytes = new SecretBytes(Uint8Array.from(secret))
  const key = new HashKey(bytes)
  bytes[Symbol.dispose]()
  const expected = createHmac("sha256", secret).update(message).digest()
  assert.deepEqual(Buffer.from(key.hash(message)), expected)
})

test("a keyed hash under another key or of another message differs", () => {
  const key = new HashKey(new SecretBytes(Uint8Array.from(secret)))
  const other = new HashKey(new SecretBytes(Uint8Array.from(secret.with(0, 6))))
  assert.notDeepEqual(key.hash(message), other.hash(message))
  assert.notDeepEqual(key.hash(message), key.hash(message.subarray(1)))
})

test("a keyed hash is refused once its key has been forgotten", () => {
  const key = new HashKey(new SecretBytes(Uint8Array.from(secret)))
  key[Symbol.dispose]()
  assert.throws(() => key.hash(message), { code: "SEALED" })
})
