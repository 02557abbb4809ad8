/** An approver signs whole statements: a mechanism that takes bytes as they come does not do. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  type KeyAlgorithmId,
} from "../../src/domain/algorithms.ts"
import { isApprovalMechanism } from "../../src/engine/approver.ts"

test("no bare mechanism approves, whose signature binds the first bytes alone", () => {
  const bare = ["ECDSA_NONE", "RSA_PKCS1_NONE", "DSA_NONE", "BIP340_SCHNORR"]
  // The table's keys are the algorithms.
  for (const algorithm of Object.keys(keyAlgorithms) as KeyAlgorithmId[]) {
    for (const mechanism of keyAlgorithm(algorithm).mechanisms) {
      const { kind, status } = mechanismRow(mechanism)
      const whole = kind === "signature" && status !== "legacy" && !bare.includes(mechanism)
      assert.equal(isApprovalMechanism(algorithm, mechanism), whole, mechanism)
    }
  }
})
