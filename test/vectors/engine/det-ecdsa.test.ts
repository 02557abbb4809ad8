/** Deterministic ECDSA through the engine: NIST's signatures to the bit, and no other accepted. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { sign, verify } from "../../../src/engine/signature.ts"
import { flip, handleOf, permit } from "../../engine/fixture.ts"
import { deterministicCases } from "../det-ecdsa.ts"
import { vectorsMissing } from "../wycheproof.ts"

test(
  "the engine signs all of DetECDSA as FIPS 186-5 says",
  { skip: vectorsMissing() },
  async () => {
    const cases = deterministicCases()
    assert.equal(cases.length, 440)
    for (const { id, algorithm, mechanism, secret, message, signature } of cases) {
      const handle = handleOf(algorithm, { material: secret })
      const input = { mechanism, message, encoding: "raw" } as const
      const signing = permit("key.sign", handle, mechanism)
      const made = await sign(signing, handle, { ...input, deterministic: true })
      assert.equal(made.toHex(), signature.toHex(), id)
      const checking = permit("key.verify", handle, mechanism)
      assert.ok(verify(checking, handle, { ...input, signature }))
      assert.ok(!verify(checking, handle, { ...input, signature: flip(signature, 99) }))
    }
  },
)
