/** BIP 340 and BIP 341 through the engine: every published vector, valid and invalid. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { sign, verify } from "../../../src/engine/signature.ts"
import { flip, handleOf, permit } from "../../engine/fixture.ts"
import { bip340Cases, bip341Cases, otherLengths, type SchnorrCase } from "../bitcoin.ts"
import { vectorsMissing } from "../wycheproof.ts"

const skip = vectorsMissing()
const mechanism = "BIP340_SCHNORR"
const algorithm = "EC_SECP256K1"

async function check(vector: SchnorrCase): Promise<void> {
  const { id, secret, publicKey, auxRandom, merkleRoot, message, signature, valid } = vector
  if (publicKey === undefined) {
    assert.ok(!valid, id)
    return
  }
  const half = handleOf(algorithm, { publicKey })
  const checking = permit("key.verify", half, mechanism)
  const input = { mechanism, message, merkleRoot } as const
  assert.equal(verify(checking, half, { ...input, signature }), valid, id)
  assert.ok(!verify(checking, half, { ...input, signature: flip(signature, 300) }))
  if (secret === undefined) return
  const handle = handleOf(algorithm, { material: secret })
  const made = await sign(permit("key.sign", handle, mechanism), handle, { ...input, auxRandom })
  assert.equal(made.toHex(), signature.toHex(), id)
}

test("the engine signs and verifies as BIP 340 says", { skip }, async () => {
  const cases = bip340Cases()
  assert.equal(cases.length, 19)
  for (const vector of cases.filter(({ id }) => !otherLengths.includes(id))) await check(vector)
  for (const vector of cases.filter(({ id }) => otherLengths.includes(id))) {
    await assert.rejects(check(vector), { code: "MALFORMED_REQUEST" })
  }
})

test("the engine signs for the output keys of BIP 341", { skip }, async () => {
  const cases = bip341Cases()
  assert.equal(cases.length, 7)
  for (const vector of cases) await check(vector)
})
