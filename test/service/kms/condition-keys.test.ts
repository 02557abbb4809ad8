/** What a face other than AWS's dialect does not say, by operation. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { operations } from "../../../src/domain/operation.ts"
import { conditionKey, unsaid } from "../../../src/service/kms/condition-keys.ts"

const everywhere = "aws:requestedregion"

test("every operation has its row, and every name in it is a condition's", () => {
  assert.deepEqual(Object.keys(unsaid), Object.keys(operations))
  for (const names of Object.values(unsaid)) {
    assert.ok(names.includes(everywhere))
    for (const name of names) {
      const known = name.endsWith(":") || name.endsWith("/") ? `${name}x` : name
      assert.ok(conditionKey(known)?.of !== undefined, name)
    }
  }
})

test("what only the request can say is unsaid for the operations that it is said of", () => {
  assert.deepEqual(unsaid["key.sign"].toSorted(), [
    everywhere,
    "kms:messagetype",
    "kms:signingalgorithm",
  ])
  assert.deepEqual(unsaid["key.decrypt"].toSorted(), [
    everywhere,
    "kms:encryptionalgorithm",
    "kms:encryptioncontext:",
    "kms:encryptioncontextkeys",
  ])
  assert.ok(unsaid["key.data-key"].includes("kms:datakeypairspec")) // One of several actions.
  assert.deepEqual(unsaid["key.describe"], [everywhere])
})
