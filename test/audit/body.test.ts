/** A body says everything that an event has, and nothing else. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { formatEvent } from "../../src/audit/body.ts"
import type { AuditEvent } from "../../src/domain/audit-event.ts"
import { clusterPartition } from "../../src/domain/ids.ts"

/** With every field: one that is new does not compile until it stands here, and in the format. */
const full: Required<AuditEvent> = {
  act: "key.sign",
  partition: clusterPartition,
  outcome: "allowed",
  subject: 'issuer:"quoted"\n',
  address: "::1",
  requestId: "r",
  requestIds: ["r", "s"],
  count: 2,
  keyId: "k",
  keyIds: ["k", "l"],
  keyVersion: 3,
  mechanism: "ED25519",
  path: "m/44'/0'",
  approvedBy: ["aa"],
  target: "t",
  code: "KEY_STATE",
  rule: "grant",
  onBehalf: { requestId: "q", operation: "Encrypt", principal: "arn" },
  opId: "o",
  storeRev: 4,
  writes: [{ path: "p", hash: "h" }],
  note: "n",
}

test("every field of an event is in its body", () => {
  assert.deepEqual(JSON.parse(formatEvent(full)), full)
})

test("what an object has besides stays out", () => {
  const writes = [{ path: "p", hash: "h", value: "v" }]
  const event = { ...full, secret: "s", writes, onBehalf: { ...full.onBehalf, secret: "s" } }
  assert.deepEqual(JSON.parse(formatEvent(event)), full)
})
