/** A question to the policy that it answers with leave: measured work goes the engine's own way. */

import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../src/domain/algorithms.ts"
import { instant, type KeyId, type PartitionId } from "../src/domain/ids.ts"
import type { OperationId } from "../src/domain/operation.ts"
import { defaultFlags, defaultQuota } from "../src/domain/partition.ts"
import type { Question } from "../src/domain/policy.ts"

const partition = "1".repeat(26) as PartitionId
export const benchKeyId = "2".repeat(26) as KeyId
const [start, name] = [instant(0), "bench"]

/** Asked by the only user and manager of a key that may do all that its algorithm can. */
export function benchQuestion(
  operation: OperationId,
  { algorithm }: { readonly algorithm: KeyAlgorithmId },
  asked: { readonly mechanism: MechanismId; readonly path: string | undefined },
): Question {
  const attributes = {
    usages: keyAlgorithm(algorithm).usages,
    extractable: false,
    sensitive: true,
    modifiable: true,
    destroyable: true,
    copyable: false,
    neverExtractable: true,
    alwaysSensitive: true,
    trusted: false,
  }
  const version = { version: 1, createdAt: start, origin: "generated", sealsLeased: 0 } as const
  const made = { createdAt: start, createdBy: name, updatedAt: start, revision: 1 }
  return {
    operation,
    ...asked,
    caller: {
      partition,
      subject: name,
      roles: ["user", "manager"],
      grants: [],
      credential: "token",
      address: "::1",
    },
    partition: {
      id: partition,
      name,
      custody: "managed",
      state: "active",
      flags: { ...defaultFlags, legacyAlgorithms: true, keyImport: true },
      quota: defaultQuota,
      createdAt: start,
      revision: 1,
    },
    key: {
      id: benchKeyId,
      partition,
      name,
      algorithm,
      state: "active",
      attributes,
      tags: {},
      description: "",
      versions: [{ ...version, hasSecret: true }],
      minVersion: 1,
      ...made,
    },
    now: start,
    withinRate: true,
    timeSure: true,
  }
}
