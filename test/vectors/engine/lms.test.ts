/** LMS through the engine: NIST's signatures hold, and no other. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { importMaterial } from "../../../src/engine/generate.ts"
import { verify } from "../../../src/engine/signature.ts"
import { flip, handleOf, none, permit } from "../../engine/fixture.ts"
import { lmsCases } from "../lms.ts"
import { vectorsMissing } from "../wycheproof.ts"

test("the engine verifies all of LMS as NIST says", { skip: vectorsMissing() }, async () => {
  const cases = lmsCases()
  assert.equal(cases.length, 28)
  for (const { id, spki, message, signature, valid } of cases) {
    const { publicKey = none } = await importMaterial("HSS_LMS", "spki", spki)
    const handle = handleOf("HSS_LMS", { publicKey })
    const input = { mechanism: "HSS_LMS", message, signature } as const
    const checking = permit("key.verify", handle, "HSS_LMS")
    assert.equal(verify(checking, handle, input), valid, id)
    assert.ok(!verify(checking, handle, { ...input, message: flip(message, 0) }), id)
    assert.ok(!verify(checking, handle, { ...input, signature: flip(signature, 777) }), id)
    assert.ok(!verify(checking, handle, { ...input, signature: signature.subarray(1) }), id)
  }
})
