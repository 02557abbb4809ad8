/** LMS through the API: NIST's signatures hold, and no other. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { startDevNode } from "../../support/dev-node.ts"
import { base64 } from "../../support/rest-client.ts"
import { lmsCases } from "../lms.ts"
import { vectorsMissing } from "../wycheproof.ts"

test("the API verifies LMS as NIST says", { skip: vectorsMissing() }, async () => {
  const node = await startDevNode()
  try {
    for (const { id, spki, message, signature, valid } of lmsCases()) {
      const imported = await node.client.call(node.token("manager"), "POST /keys/import", {
        name: id,
        algorithm: "HSS_LMS",
        format: "spki",
        material: base64(spki),
      })
      const path = `POST /keys/${String(imported["id"])}/verify`
      const body = { message: base64(message), signature: base64(signature) }
      const answer = await node.client.call(node.token("user"), path, body)
      assert.equal(answer["valid"], valid, id)
    }
  } finally {
    await node.stop()
  }
})
