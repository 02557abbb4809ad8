/** A question that everything allows; tests change one thing at a time. */

import assert from "node:assert/strict"

import { instant, parseId, type KeyId, type PartitionId } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { defaultFlags, defaultQuota, type PartitionRecord } from "../../src/domain/partition.ts"
import type { Question } from "../../src/domain/policy.ts"
import type { Caller } from "../../src/domain/principal.ts"

const now = instant(1_000_000)

export function id<Id extends KeyId | PartitionId>(digit: string): Id {
  const parsed = parseId<Id>(digit.repeat(26))
  assert.ok(parsed !== undefined)
  return parsed
}

/** A token that asks nobody. */
export const free = { name: "free", timelockMs: 0, timeoutMs: 0, groups: [] } as const

export const partition: PartitionRecord = {
  id: id("1"),
  name: "a",
  custody: "managed",
  state: "active",
  flags: defaultFlags,
  quota: defaultQuota,
  rules: { administration: { tokens: [free] } },
  createdAt: now,
  revision: 1,
}

const version = { createdAt: now, origin: "generated", hasSecret: true, sealsLeased: 0 } as const

export const key: KeyRecord = {
  id: id("2"),
  partition: partition.id,
  name: "orders",
  algorithm: "AES_256",
  state: "active",
  attributes: {
    usages: [
      "encrypt",
      "decrypt",
      "sign",
      "verify",
      "wrap",
      "unwrap",
      "derive",
      "encapsulate",
      "decapsulate",
    ],
    extractable: true,
    sensitive: false,
    modifiable: true,
    destroyable: true,
    copyable: true,
    neverExtractable: false,
    alwaysSensitive: false,
    trusted: true,
  },
  tags: { team: "shop" },
  description: "",
  versions: [
    { version: 1, ...version },
    { version: 2, ...version },
    { version: 3, ...version },
  ],
  // Rules that ask nobody: what they say when they ask is test/domain/rule.test.ts's.
  smart: { rules: {}, blocked: false },
  minVersion: 2,
  createdAt: now,
  createdBy: "somebody",
  updatedAt: now,
  revision: 7,
}

export const caller: Caller = {
  partition: partition.id,
  subject: "somebody",
  roles: ["user", "manager", "approver", "auditor", "officer", "operator", "cluster-officer"],
  grants: [],
  credential: "token",
  address: "192.0.2.1",
}

export function ask(changed: Partial<Question>): Question {
  const plain = { operation: "key.encrypt", caller, partition, key, now } as const
  return { ...plain, withinRate: true, timeSure: true, ...changed }
}
