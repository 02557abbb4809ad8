/** Members of a multi-Region key beneath AWS's dialect: one commit, one budget, own secrets. */

import assert from "node:assert/strict"
import { createPublicKey, verify } from "node:crypto"
import { test } from "node:test"
import { setTimeout as pause } from "node:timers/promises"

import { canonical } from "../../src/codec/canonical.ts"
import { HsmError } from "../../src/domain/errors.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { limits } from "../../src/domain/limits.ts"
import { paths } from "../../src/records/kinds.ts"
import { createExternalKey, createKey } from "../../src/service/create-key.ts"
import { deleteKey, deletionReceipt, purgeKey, restoreKey } from "../../src/service/delete-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { kinOf } from "../../src/service/kms/family.ts"
import { replicateKey, setPrimaryRegion } from "../../src/service/kms/replicate-key.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { updateKey } from "../../src/service/update-key.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { contextOf, foundCluster, newPartition, openCluster } from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

const plaintext = Buffer.from("message")
const mechanism = "AES_GCM"

/** A primary and two replicas, in a partition of a store that is watched. */
async function family(flags: Parameters<typeof newPartition>[2] = {}) {
  const inner = openMemoryStore()
  const store = new WatchedStore(inner)
  const cluster = await foundCluster(store)
  const stack = await openCluster(cluster, { store })
  const partition = await newPartition(stack, "a", flags)
  const as = (role: Parameters<typeof contextOf>[0]) => contextOf(role, partition)
  const { ports } = stack
  const kms = { region: "home", multiRegion: true }
  const primary = await createKey(ports, as("manager"), { algorithm: "AES_256", kms })
  const replicate = (region: string) =>
    replicateKey(ports, as("manager"), { key: primary.id, region })
  const [away, far] = [await replicate("away"), await replicate("far")]
  const read = (key: string) => describeKey(ports, as("officer"), { key })
  const seal = async (key: string, on = stack) =>
    await encrypt(on.ports, as("user"), { key, plaintext, mechanism })
  const ids = [primary.id, away.id, far.id] as const
  return { cluster, store, stack, ports, partition, as, ids, replicate, read, seal }
}

/** As if nearly all seals of every member's first version were leased. */
async function useUp(made: Awaited<ReturnType<typeof family>>, left: number): Promise<void> {
  const sealsLeased = limits.sealsPerVersionMax - left * limits.sealsLease
  const changes = []
  for (const id of made.ids) {
    const key = await made.read(id)
    const versions = key.versions.map((version) => ({ ...version, sealsLeased }))
    const record: KeyRecord = { ...key, versions, revision: key.revision + 1 }
    changes.push({ kind: "key", record } as const)
  }
  await made.ports.records.commit(made.partition, { changes })
}

test("all members together lease no more seals than one key has", async () => {
  const made = await family()
  const { ids, read, seal } = made
  for (const id of ids) await seal(id)
  const leased = async () =>
    await Promise.all(ids.map(async (id) => (await read(id)).versions[0]?.sealsLeased))
  const three = 3 * limits.sealsLease
  assert.deepEqual(await leased(), [three, three, three])
  await useUp(made, 1)
  // Each process forgets its leases when it stops: the last one serves one member alone.
  const again = await openCluster(made.cluster, { store: made.store })
  assert.equal((await seal(ids[1], again)).version, 1)
  assert.equal((await seal(ids[2], again)).version, 2, "the next one has the next version")
  assert.equal((await seal(ids[0], again)).version, 2)
  assert.equal(again.audit.of("system.key-rotated", "done").length, 1)
  await made.cluster.remove()
})

test("a member that is made again goes on counting where the family is", async () => {
  const made = await family()
  const { as, ports, ids, read, seal } = made
  for (const id of ids) await seal(id)
  await deleteKey(ports, as("manager"), { key: ids[1], windowMs: 0 })
  const again = await made.replicate("away")
  assert.notEqual(again.id, ids[1])
  assert.equal((await read(again.id)).versions[0]?.sealsLeased, 3 * limits.sealsLease)
  await made.cluster.remove()
})

test("members that seal at once never lease the same seals", async () => {
  const made = await family()
  await Promise.all(made.ids.flatMap((id) => [made.seal(id), made.seal(id)]))
  const { versions } = await made.read(made.ids[0])
  assert.equal(versions[0]?.sealsLeased, 3 * limits.sealsLease)
  await made.cluster.remove()
})

test("imported material has one budget as well: no member seals beyond it", async () => {
  const made = await family()
  const { as, ports, partition } = made
  const kms = { region: "home", multiRegion: true }
  const template = { algorithm: "AES_256", kms } as const
  const waiting = await createExternalKey(ports, as("manager"), template)
  const replicating = replicateKey(ports, as("manager"), { key: waiting.id, region: "away" })
  await assert.rejects(replicating, { code: "KEY_STATE" })
  // What a first import leaves, with its seals leased; a replica waits with the same count.
  const sealsLeased = 7 * limits.sealsLease
  const version = { version: 1, createdAt: made.stack.clock.now(), origin: "imported" } as const
  const record: KeyRecord = {
    ...waiting,
    state: "active",
    versions: [{ ...version, hasSecret: true, sealsLeased }],
    revision: 2,
  }
  await ports.records.commit(partition, { changes: [{ kind: "key", record }] })
  const replica = await replicateKey(ports, as("manager"), { key: waiting.id, region: "away" })
  assert.equal(replica.state, "awaiting-material")
  assert.deepEqual(replica.versions, [{ ...version, hasSecret: false, sealsLeased }])
  await made.cluster.remove()
})

test("a replica is made, a key rotated and its schedule changed in one commit each", async () => {
  const made = await family()
  const { as, ports, store, ids, read } = made
  const commits = async (work: () => Promise<unknown>): Promise<number> => {
    const before = store.commits
    await work()
    return store.commits - before
  }
  const key = ids[0]
  assert.equal(await commits(() => made.replicate("farther")), 1)
  assert.equal(await commits(() => rotateKey(ports, as("manager"), { key })), 1)
  const rotationPeriodMs = 90 * 86_400_000
  const schedule = { key, rotationPeriodMs }
  assert.equal(await commits(() => updateKey(ports, as("manager"), schedule)), 1)
  const { versions, rotation } = await read(key)
  for (const kin of await kinOf(ports, await read(key))) {
    assert.deepEqual(kin.versions, versions)
    assert.deepEqual(kin.rotation, rotation)
  }
  // A commit that the store refuses leaves nothing of it: no member, no version.
  const lost = new Error("the node died")
  store.before = () => {
    throw lost
  }
  await assert.rejects(made.replicate("never"), lost)
  await assert.rejects(rotateKey(ports, as("manager"), { key }), lost)
  store.before = () => {}
  const again = await openCluster(made.cluster, { store })
  const after = await describeKey(again.ports, as("officer"), { key })
  assert.equal((await kinOf(again.ports, after)).length, 3)
  assert.deepEqual(after.versions, versions)
  await made.cluster.remove()
})

test("a replica takes part in what happens while it is made", async () => {
  const made = await family()
  const { as, ports, ids, read, seal } = made
  const works = [
    made.replicate("farther"),
    rotateKey(ports, as("manager"), { key: ids[0] }),
    seal(ids[1]),
    seal(ids[2]),
  ]
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === "fulfilled") continue
    assert.ok(outcome.reason instanceof HsmError && outcome.reason.code === "CONFLICT")
  }
  const key = await read(ids[0])
  for (const kin of await kinOf(ports, key)) assert.deepEqual(kin.versions, key.versions)
  await made.cluster.remove()
})

test("a rotation on one node is what every member seals under on another", async () => {
  const made = await family()
  const { as, ids, seal } = made
  const other = await openCluster(made.cluster, { store: made.store })
  for (const id of ids) assert.equal((await seal(id, other)).version, 1)
  await rotateKey(made.ports, as("manager"), { key: ids[0] })
  for (const id of ids) assert.equal((await seal(id, other)).version, 2)
  await deleteKey(made.ports, as("manager"), { key: ids[1], windowMs: 0 })
  await assert.rejects(seal(ids[1], other), { code: "KEY_STATE" })
  await seal(ids[2], other)
  await made.cluster.remove()
})

test("each member has a secret of its own, and erasing one leaves the others", async () => {
  const made = await family()
  const { as, ports, partition, ids, store } = made
  const secretOf = async (id: string): Promise<string | undefined> =>
    (await ports.records.pin(partition, "key", id))?.secret?.lend((bytes) => bytes.toHex())
  const secrets = await Promise.all(ids.map(secretOf))
  assert.equal(new Set(secrets).size, 3)
  const material = (id: (typeof ids)[number]) => paths.material(partition, id, 1)
  const blobs = (await store.get(ids.map(material))).entries.map((row) => row?.value.toHex())
  assert.equal(new Set(blobs).size, 3)
  const sealed = await made.seal(ids[1])
  const key = ids[1]
  await deleteKey(ports, as("manager"), { key, windowMs: 0 })
  assert.equal(await secretOf(key), undefined)
  assert.deepEqual((await store.get([material(key)])).entries, [undefined])
  const opened = await decrypt(ports, as("user"), { ...sealed, key: ids[2] })
  assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
  const { ciphertext } = sealed
  await assert.rejects(decrypt(ports, as("user"), { ciphertext, key }), { code: "KEY_STATE" })
  await made.cluster.remove()
})

test("a member's receipt says how many others have the material, other keys' nothing", async () => {
  const made = await family()
  const { as, ports, partition, ids, read, cluster } = made
  const { keyholder } = ports.records
  const publicKey = { key: Buffer.from(keyholder.checkpointPublicKey()), type: "spki" } as const
  const cluster8032 = createPublicKey({ ...publicKey, format: "der" })
  const [key, last, first] = [ids[1], ids[2], ids[0]]
  for (const [id, left] of [
    [key, 2],
    [last, 1],
    [first, 0],
  ] as const) {
    await deleteKey(ports, as("manager"), { key: id, windowMs: 0 })
    const receipt = await deletionReceipt(ports, as("auditor"), { key: id })
    assert.equal(receipt.membersLeft, left)
    const { name, unusableAt, destroyedEpoch } = receipt
    const said = [partition, id, name, unusableAt, destroyedEpoch, 0, first, left]
    const wanted = canonical("member-deletion-receipt", cluster.clusterId, ...said)
    assert.deepEqual(Buffer.from(receipt.statement), Buffer.from(wanted))
    assert.ok(verify(null, wanted, cluster8032, receipt.signature))
  }
  assert.equal((await read(key)).state, "destroyed")
  const single = await createKey(ports, as("manager"), { name: "one", algorithm: "AES_256" })
  await deleteKey(ports, as("manager"), { key: single.id, windowMs: 0 })
  const plain = await deletionReceipt(ports, as("auditor"), { key: single.id })
  assert.equal("membersLeft" in plain, false)
  await made.cluster.remove()
})

test("no officer destroys a primary with replicas, out of the window or the bin", async () => {
  for (const invalidation of [false, true]) {
    const made = await family({ flags: { invalidation } })
    const { as, ports, ids, read, seal } = made
    const [key] = ids
    const deleted = await deleteKey(ports, as("manager"), { key, windowMs: 0 })
    assert.equal(deleted.state, invalidation ? "invalidated" : "deleting")
    await assert.rejects(purgeKey(ports, as("officer"), { key }), { code: "KEY_STATE" })
    assert.equal((await read(key)).state, deleted.state)
    await seal(ids[1])
    for (const id of ids.slice(1)) {
      await deleteKey(ports, as("manager"), { key: id, windowMs: 0 })
      if (invalidation) await purgeKey(ports, as("officer"), { key: id })
    }
    if (invalidation) await restoreKey(ports, as("officer"), { key })
    else await purgeKey(ports, as("officer"), { key })
    assert.equal((await read(key)).state, invalidation ? "active" : "destroyed")
    await made.cluster.remove()
  }
})

test("no key becomes the primary while it is being deleted", async () => {
  const made = await family()
  const { as, ports, ids, read, store } = made
  let deleting: Promise<unknown> = Promise.resolve()
  store.before = async () => {
    store.before = () => {}
    // Allowed on what it reads before the other commit, it waits behind that.
    deleting = deleteKey(ports, as("manager"), { key: ids[1] }).catch((error: unknown) => error)
    await pause(20)
  }
  await setPrimaryRegion(ports, as("manager"), { key: ids[0], region: "away" })
  assert.ok((await deleting) instanceof HsmError)
  const record = await ports.records.read("family", made.partition, ids[0])
  assert.equal(record?.primary, ids[1])
  assert.equal((await read(ids[1])).state, "active")
  await made.cluster.remove()
})

test("a primary never waits for replicas that are gone, also when both go at once", async () => {
  for (let round = 0; round < 8; round++) {
    const made = await family()
    const { as, ports, ids, read } = made
    const manager = as("manager")
    await deleteKey(ports, manager, { key: ids[2], windowMs: 0 })
    const works = [
      () => deleteKey(ports, manager, { key: ids[0] }),
      () => deleteKey(ports, manager, { key: ids[1], windowMs: 0 }),
    ]
    const order = round % 2 === 0 ? works : works.toReversed()
    await Promise.allSettled(order.map((work) => work()))
    const [primary, replica] = [await read(ids[0]), await read(ids[1])]
    const isAlone = replica.state === "destroyed"
    if (primary.state === "deleting") assert.equal(primary.deleteAt === undefined, !isAlone)
    await made.cluster.remove()
  }
})

test("a family whose record is taken away serves nobody", async () => {
  const made = await family()
  const { store, partition, ids } = made
  await made.seal(ids[1])
  const path = paths.record(partition, "family", ids[0])
  await store.commit({ opId: "attack", when: [], then: [{ del: path }] })
  const again = await openCluster(made.cluster, { store })
  for (const id of ids) await assert.rejects(made.seal(id, again), { code: "TAMPERED" })
  await made.cluster.remove()
})

test("both decisions about a replica are in the log, each with its key", async () => {
  const made = await family()
  const { audit } = made.stack
  const [replicated, created] = [audit.of("key.replicate", "done"), audit.of("key.create", "done")]
  const [first, ...others] = made.ids
  assert.deepEqual(
    replicated.map(({ keyId }) => keyId),
    [first, first],
  )
  assert.deepEqual(
    created.map(({ keyId }) => keyId),
    [first, ...others],
  )
  await made.cluster.remove()
})

test("rotation is the primary's in every dialect, and goes with it", async () => {
  const made = await family()
  const { as, ports, ids } = made
  const [first, key] = ids
  const refused = { code: "OPERATION_FORBIDDEN" }
  await assert.rejects(rotateKey(ports, as("manager"), { key }), refused)
  const schedule = { key, rotationPeriodMs: 90 * 86_400_000 }
  await assert.rejects(updateKey(ports, as("manager"), schedule), refused)
  await setPrimaryRegion(ports, as("manager"), { key: first, region: "away" })
  await rotateKey(ports, as("manager"), { key })
  await assert.rejects(rotateKey(ports, as("manager"), { key: first }), refused)
  await made.cluster.remove()
})

test("a key with rules is not replicated: a replica would ask nobody", async () => {
  const made = await family()
  const { ports, ids, partition } = made
  const key = await made.read(ids[0])
  const smart = { rules: { use: { tokens: [] } }, blocked: false }
  const record: KeyRecord = { ...key, smart, revision: key.revision + 1 }
  await ports.records.commit(partition, { changes: [{ kind: "key", record }] })
  await assert.rejects(made.replicate("farther"), { code: "OPERATION_FORBIDDEN" })
  await made.cluster.remove()
})

test("who may not make keys makes no replica, and one that is over the quota is none", async () => {
  const made = await family({ quota: { keysMax: 3 } })
  await assert.rejects(made.replicate("farther"), { code: "QUOTA_EXCEEDED" })
  const { as, ports, ids } = made
  const { caller } = as("manager")
  const narrow = { ...caller, grants: [{ operations: ["key.replicate"] }] } as const
  const asked = { requestId: "request", caller: narrow }
  const replicating = replicateKey(ports, asked, { key: ids[0], region: "farther" })
  await assert.rejects(replicating, { code: "OPERATION_FORBIDDEN" })
  for (const role of ["user", "officer", "auditor"] as const) {
    const other = replicateKey(ports, as(role), { key: ids[0], region: "farther" })
    await assert.rejects(other, { code: "OPERATION_FORBIDDEN" })
  }
  await made.cluster.remove()
})
