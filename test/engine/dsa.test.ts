/** DSA keys from elsewhere: OpenSSL takes any numbers, the engine those that belong together. */
import assert from "node:assert/strict"
import { createPublicKey } from "node:crypto"
import { test } from "node:test"
import { readDsa } from "../../src/engine/node/dsa.ts"
import { importMaterial } from "../../src/engine/generate.ts"
import { dsaAnswers } from "../../src/engine/known-answers/dsa.ts"
import { none } from "./fixture.ts"

const { key } = dsaAnswers.DSA_NONE[0]

test("DSA: a whole pair is taken in, and its public half alone", async () => {
  const { material, publicKey = none } = await importMaterial("DSA_2048", "pkcs8", key)
  assert.equal(
    material?.lend((raw) => raw.toHex()),
    key.toHex(),
  )
  const half = await importMaterial("DSA_2048", "spki", publicKey)
  assert.deepEqual(half.publicKey, publicKey)
  await assert.rejects(importMaterial("DSA_3072", "pkcs8", key), { code: "MALFORMED_REQUEST" })
  await assert.rejects(importMaterial("DSA_3072", "spki", publicKey), {
    code: "MALFORMED_REQUEST",
  })
})

test("DSA: numbers that do not belong together are refused", async () => {
  const { publicKey = none } = await importMaterial("DSA_2048", "pkcs8", key)
  const spki = Buffer.from(publicKey)
  const { p, q, g, half } = readDsa(createPublicKey({ key: spki, format: "der", type: "spki" }))
  // A digit of each number, where it stands in the DER.
  for (const number of [p, q, g, half]) {
    const digits = Buffer.from(number.toString(16).padStart(number === q ? 64 : 512, "0"), "hex")
    const at = publicKey.toHex().indexOf(digits.subarray(1).toString("hex")) / 2
    assert.ok(Number.isInteger(at) && at > 0)
    const spoilt = publicKey.slice()
    spoilt[at + 20] = (spoilt[at + 20] ?? 0) ^ 4
    await assert.rejects(importMaterial("DSA_2048", "spki", spoilt), {
      code: "MALFORMED_REQUEST",
      detail: { field: "/material" },
    })
  }
  const secret = key.slice()
  secret[secret.length - 3] = (secret.at(-3) ?? 0) ^ 1
  const made = await importMaterial("DSA_2048", "pkcs8", secret).catch((error: unknown) => error)
  // Another x is another key: its y follows from it.
  assert.ok(made instanceof Object && "publicKey" in made)
  assert.notDeepEqual(made.publicKey, publicKey)
})
