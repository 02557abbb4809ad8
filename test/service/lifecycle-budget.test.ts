import assert from "node:assert/strict"
import { createPublicKey, verify } from "node:crypto"
import { test } from "node:test"

import { canonical } from "../../src/codec/canonical.ts"
import { clusterPartition } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { limits } from "../../src/domain/limits.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey, deletionReceipt } from "../../src/service/delete-key.ts"
import { encrypt } from "../../src/service/encrypt.ts"
import { maintain } from "../../src/service/maintain.ts"
import { updateQuota } from "../../src/service/partition.ts"
import { describeKey, listKeys } from "../../src/service/read-key.ts"
import { mac, verifyMac } from "../../src/service/sign.ts"
import { contextOf, memoryStack, openCluster, type Stack } from "../support/stack.ts"

const plaintext = Buffer.from("message")

/** A key of which all but `left` leases of seals are gone. */
async function nearlyUsedUp(left: number) {
  const { stack, as, partition } = await memoryStack()
  const key = await createKey(stack.ports, as("manager"), { name: "gcm", algorithm: "AES_256" })
  const sealsLeased = limits.sealsPerVersionMax - left * limits.sealsLease
  const versions = key.versions.map((version) => ({ ...version, sealsLeased }))
  const record: KeyRecord = { ...key, versions, revision: key.revision + 1 }
  await stack.ports.records.commit(partition, { changes: [{ kind: "key", record }] })
  const leased = async (on: Stack): Promise<number[]> =>
    (await describeKey(on.ports, as("officer"), { key: "gcm" })).versions.map(
      (version) => version.sealsLeased,
    )
  const seal = async ({ ports }: Stack): Promise<number> =>
    (await encrypt(ports, as("user"), { key: "gcm", plaintext, mechanism: "AES_GCM" })).version
  return { stack, seal, leased, sealsLeased }
}

test("seals are leased in blocks, one commit each, and a crash forfeits the rest", async () => {
  const { stack, seal, leased, sealsLeased } = await nearlyUsedUp(10)
  for (let n = 0; n < 50; n++) assert.equal(await seal(stack), 1)
  assert.deepEqual(await leased(stack), [sealsLeased + limits.sealsLease])
  const again = await openCluster(stack.cluster, { store: stack.store })
  await seal(again)
  assert.deepEqual(await leased(again), [sealsLeased + 2 * limits.sealsLease])
  await stack.cluster.remove()
})

test("a version whose budget is used up is followed by a new one, and the log tells", async () => {
  const { stack, seal, leased } = await nearlyUsedUp(1)
  assert.equal(await seal(stack), 1, "the last lease still serves")
  const again = await openCluster(stack.cluster, { store: stack.store })
  const versions = await Promise.all(Array.from({ length: 20 }, () => seal(again)))
  assert.deepEqual(new Set(versions), new Set([2]))
  assert.deepEqual(await leased(again), [limits.sealsPerVersionMax, limits.sealsLease])
  assert.equal(again.audit.of("system.key-rotated", "done").length, 1)
  await stack.cluster.remove()
})

test("XAES draws on no budget", async () => {
  const { stack, leased, sealsLeased } = await nearlyUsedUp(0)
  const { partition } = (await stack.ports.records.loadedStates()).at(-1) ?? assert.fail()
  const user = contextOf("user", partition)
  assert.equal((await encrypt(stack.ports, user, { key: "gcm", plaintext })).version, 1)
  assert.deepEqual(await leased(stack), [sealsLeased])
  await stack.cluster.remove()
})

test("a partition's operations per second and keys end at its quota", async () => {
  const { stack, as, partition } = await memoryStack()
  const { ports, clock } = stack
  const operator = contextOf("operator", clusterPartition)
  await updateQuota(ports, operator, { partition, quota: { operationsPerSecond: 3, keysMax: 2 } })
  const create = (name: string) => createKey(ports, as("manager"), { name, algorithm: "AES_256" })
  const seal = () => encrypt(ports, as("user"), { key: "one", plaintext })
  await create("one")
  await create("two")
  await assert.rejects(create("three"), { code: "QUOTA_EXCEEDED" })
  await deleteKey(ports, as("manager"), { key: "two", windowMs: 0 })
  await create("three")
  for (let n = 0; n < 3; n++) await seal()
  await assert.rejects(seal(), {
    code: "RATE_LIMITED",
    detail: { rule: "rate", retryAfterSeconds: 1 },
  })
  clock.advance(334)
  await seal()
  await assert.rejects(seal(), { code: "RATE_LIMITED" })
  await stack.cluster.remove()
})

test("keys that are made at once end at the quota too; a deletion makes room for one", async () => {
  const { stack, as, partition } = await memoryStack()
  const { ports } = stack
  const operator = contextOf("operator", clusterPartition)
  await updateQuota(ports, operator, { partition, quota: { keysMax: 3 } })
  const create = (name: string) => createKey(ports, as("manager"), { name, algorithm: "AES_256" })
  const asked = await Promise.allSettled(["a", "b", "c", "d", "e", "f"].map(create))
  assert.equal(asked.filter(({ status }) => status === "fulfilled").length, 3)
  for (const one of asked) {
    if (one.status === "fulfilled") continue
    const { code, detail } = one.reason as { code?: string; detail?: object }
    assert.deepEqual([code, detail], ["QUOTA_EXCEEDED", { rule: "key-quota" }])
  }
  const { items } = await listKeys(ports, as("manager"), {})
  assert.equal(items.length, 3)
  await deleteKey(ports, as("manager"), { key: items[0]?.id ?? "", windowMs: 0 })
  const more = await Promise.allSettled(["g", "h"].map(create))
  assert.equal(more.filter(({ status }) => status === "fulfilled").length, 1)
  await stack.cluster.remove()
})

test("a receipt verifies with the cluster's public key, in both of its stages", async () => {
  const { stack, as, partition } = await memoryStack()
  const { ports, cluster, clock } = stack
  const manager = as("manager")
  await createKey(ports, manager, { name: "gone", algorithm: "AES_256" })
  await assert.rejects(deletionReceipt(ports, manager, { key: "gone" }), { code: "KEY_STATE" })
  const { id } = await deleteKey(ports, manager, { key: "gone", windowMs: 0 })
  const der = Buffer.from(ports.records.keyholder.checkpointPublicKey())
  const publicKey = createPublicKey({ key: der, format: "der", type: "spki" })
  const check = async (shreddedAt: number): Promise<void> => {
    const receipt = await deletionReceipt(ports, manager, { key: id })
    const { name, unusableAt, destroyedEpoch, statement, signature } = receipt
    const said = [partition, id, name, unusableAt, destroyedEpoch, shreddedAt]
    const wanted = canonical("deletion-receipt", cluster.clusterId, ...said)
    assert.deepEqual(Buffer.from(statement), Buffer.from(wanted))
    assert.ok(verify(null, statement, publicKey, signature))
    const edited = Buffer.from(statement)
    edited.writeUInt8(edited.readUInt8(edited.length - 1) ^ 1, edited.length - 1)
    assert.ok(!verify(null, edited, publicKey, signature))
  }
  await check(0)
  await ports.node.rotateEpoch()
  await check(clock.now())
  await stack.cluster.remove()
})

test("what fails for one key holds up no other", async () => {
  const { stack, as } = await memoryStack()
  const { ports, clock } = stack
  const rotationPeriodMs = limits.rotationPeriodMinMs
  const make = (name: string) =>
    createKey(ports, as("manager"), { name, algorithm: "AES_256", rotationPeriodMs })
  const full = await make("full")
  const [version] = full.versions
  assert.ok(version !== undefined)
  const versions = Array.from({ length: limits.keyVersionsMax }, (_, n) => ({
    ...version,
    version: n + 1,
  }))
  const record = { ...full, versions, revision: 2 }
  await ports.records.commit(full.partition, { changes: [{ kind: "key", record }] })
  clock.advance(1)
  await make("later")
  clock.advance(rotationPeriodMs)
  await assert.rejects(maintain(ports), { code: "QUOTA_EXCEEDED" })
  const later = await describeKey(ports, as("officer"), { key: "later" })
  assert.equal(later.versions.length, 2)
  await stack.cluster.remove()
})

test("a key of Poly1305 authenticates one message per version, and verifies them all", async () => {
  const { stack, as } = await memoryStack({ legacyAlgorithms: true })
  const { ports } = stack
  const key = "once"
  await createKey(ports, as("manager"), { name: key, algorithm: "POLY1305" })
  const messages = [1, 2, 3].map((byte) => Uint8Array.of(byte))
  const made = await Promise.all(
    messages.map(async (message) => ({
      message,
      ...(await mac(ports, as("user"), { key, message })),
    })),
  )
  assert.deepEqual(new Set(made.map(({ version }) => version)), new Set([1, 2, 3]))
  for (const { message, version, signature } of made) {
    const verdict = await verifyMac(ports, as("user"), { key, message, signature })
    assert.equal(verdict.version, version)
  }
  await stack.cluster.remove()
})
