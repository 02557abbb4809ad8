/** Deterministic ECDSA through the API: one vector of each curve and hash. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { startDevNode } from "../../support/dev-node.ts"
import { base64 } from "../../support/rest-client.ts"
import { deterministicCases } from "../det-ecdsa.ts"
import { vectorsMissing } from "../wycheproof.ts"

test("the API signs DetECDSA as FIPS 186-5 says", { skip: vectorsMissing() }, async () => {
  const node = await startDevNode()
  try {
    const flags = { legacyAlgorithms: true }
    await node.client.call(node.token("officer"), "PATCH /partition", { flags })
    const cases = deterministicCases().filter((_, index) => index % 10 === 0)
    assert.equal(cases.length, 44)
    for (const { id, algorithm, mechanism, secret, message, signature } of cases) {
      const imported = await node.client.call(node.token("manager"), "POST /keys/import", {
        name: `det-${id}`,
        algorithm,
        format: "pkcs8",
        material: base64(secret),
      })
      const path = `POST /keys/${String(imported["id"])}/sign`
      const body = { mechanism, message: base64(message), encoding: "raw" }
      const made = await node.client.call(node.token("user"), path, {
        ...body,
        deterministic: true,
      })
      assert.equal(made["signature"], base64(signature), id)
      const random = await node.client.call(node.token("user"), path, body)
      assert.notEqual(random["signature"], base64(signature))
    }
  } finally {
    await node.stop()
  }
})
