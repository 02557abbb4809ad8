/** Permits as the policy mints them, and handles, for tests of the engine. */
import assert from "node:assert/strict"
import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../../src/domain/algorithms.ts"
import { formatPath, type DerivationPath } from "../../src/domain/derivation.ts"
import { instant, type KeyId, type PartitionId } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import type { OperationId } from "../../src/domain/operation.ts"
import { defaultFlags, defaultQuota, type PartitionRecord } from "../../src/domain/partition.ts"
import { decide, type Permit, type Question } from "../../src/domain/policy.ts"
import { generateMaterial } from "../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"

const partitionId = "1".repeat(26) as PartitionId
export const keyId = "2".repeat(26) as KeyId
export const otherKeyId = "3".repeat(26) as KeyId
export const none = new Uint8Array()

const partition: PartitionRecord = {
  id: partitionId,
  name: "test",
  custody: "managed",
  state: "active",
  flags: {
    ...defaultFlags,
    keyImport: true,
    plainExport: true,
    wrappedExport: true,
    legacyAlgorithms: true,
  },
  quota: defaultQuota,
  createdAt: instant(0),
  revision: 1,
}

function recordOf(id: KeyId, algorithm: KeyAlgorithmId): KeyRecord {
  return {
    id,
    partition: partitionId,
    name: "test",
    algorithm,
    state: "active",
    attributes: {
      usages: keyAlgorithm(algorithm).usages,
      extractable: true,
      sensitive: false,
      modifiable: true,
      destroyable: true,
      copyable: true,
      neverExtractable: false,
      alwaysSensitive: false,
      trusted: true,
    },
    tags: {},
    description: "",
    versions: [
      { version: 1, createdAt: instant(0), origin: "generated", hasSecret: true, sealsLeased: 0 },
    ],
    minVersion: 1,
    createdAt: instant(0),
    createdBy: "test",
    updatedAt: instant(0),
    revision: 1,
  }
}

/** What a user, who is also a manager, asks of the policy. */
export function question(
  operation: OperationId,
  key?: { readonly keyId: KeyId; readonly algorithm: KeyAlgorithmId },
  mechanism?: MechanismId,
  path?: DerivationPath,
): Question {
  return {
    operation,
    caller: {
      partition: partitionId,
      subject: "test",
      roles: ["user", "manager"],
      grants: [],
      credential: "token",
      address: "::1",
    },
    partition,
    key: key === undefined ? undefined : recordOf(key.keyId, key.algorithm),
    mechanism,
    path: path === undefined ? undefined : formatPath(path),
    now: instant(0),
    withinRate: true,
    timeSure: true,
  }
}

/** Leave for one operation on one key, from the real policy. */
export function permit(
  operation: OperationId,
  key: { readonly keyId: KeyId; readonly algorithm: KeyAlgorithmId },
  mechanism?: MechanismId,
  path?: DerivationPath,
): Permit {
  const decision = decide(question(operation, key, mechanism, path))
  assert(decision.outcome === "allowed", JSON.stringify(decision))
  return decision.permit
}

/** Opens material that a test brought along. */
export function handleOf(
  algorithm: KeyAlgorithmId,
  key: { readonly material: Uint8Array } | { readonly publicKey: Uint8Array },
  id = keyId,
): KeyHandle {
  const opened = { keyId: id, version: 1, algorithm }
  return "material" in key
    ? openHandle({ ...opened, material: new SecretBytes(key.material.slice()) })
    : openHandle({ ...opened, material: undefined, publicKey: key.publicKey })
}

/** A handle of a new key. */
export async function newHandle(algorithm: KeyAlgorithmId, id = keyId): Promise<KeyHandle> {
  const { material, publicKey } = await generateMaterial(algorithm)
  return openHandle({ keyId: id, version: 1, algorithm, material, publicKey })
}

/** A copy with one bit the other way round. */
export function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8))
  return copy
}
