import assert from "node:assert/strict"
import { test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { BoundedMap } from "../../src/records/bounded-map.ts"
import { encodeRecord } from "../../src/records/kinds.ts"
import { findKey } from "../../src/service/find-key.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { encrypt } from "../../src/service/encrypt.ts"
import { disableKey, updateKey } from "../../src/service/update-key.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { storeLimits } from "../../src/store/store.ts"
import { contextOf, foundCluster, memoryStack } from "../support/stack.ts"
import { newPartition, openCluster } from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

/** Two nodes of one cluster over one store, with a key that both have used. */
async function twoNodes() {
  const store = openMemoryStore()
  const cluster = await foundCluster(store)
  const [left, right] = [
    await openCluster(cluster, { store }),
    await openCluster(cluster, { store }),
  ]
  const partition = await newPartition(left, "a")
  const [manager, user] = [contextOf("manager", partition), contextOf("user", partition)]
  const key = await createKey(left.ports, manager, { name: "orders", algorithm: "AES_256" })
  const use = (node: typeof left) =>
    encrypt(node.ports, user, { key: "orders", plaintext: Buffer.from("order 17") })
  for (const node of [left, right]) await use(node)
  return { cluster, left, right, manager, key, use }
}

test("a key disabled on one node is refused by the other's very next request", async () => {
  const { cluster, left, right, manager, use } = await twoNodes()
  await disableKey(left.ports, manager, { key: "orders" })
  await assert.rejects(use(right), { code: "KEY_STATE" })
  await cluster.remove()
})

test("without the barrier the other node would still see the old record", async () => {
  const { cluster, left, right, manager, key } = await twoNodes()
  await updateKey(left.ports, manager, { key: key.id, description: "new" })
  const { partition } = key
  const stale = await right.ports.records.read("key", partition, key.id)
  assert.equal(stale?.description, "")
  await right.ports.records.sync()
  const fresh = await right.ports.records.read("key", partition, key.id)
  assert.equal(fresh?.description, "new")
  await cluster.remove()
})

test("a deleted key's handle is gone at once here, and elsewhere at the next barrier", async () => {
  const { cluster, left, right, manager, use } = await twoNodes()
  assert.deepEqual([left.ports.keys.size, right.ports.keys.size], [1, 1])
  await deleteKey(left.ports, manager, { key: "orders", windowMs: 0 })
  assert.equal(left.ports.keys.size, 0)
  await right.ports.records.sync()
  assert.equal(right.ports.keys.size, 0)
  for (const node of [left, right]) await assert.rejects(use(node), { code: "KEY_NOT_FOUND" })
  await cluster.remove()
})

test("writers of two nodes exclude each other: one wins and the other looks again", async () => {
  const { cluster, left, right, manager, key } = await twoNodes()
  // From the same revision: through the services, the later one could have seen the earlier.
  const change = ({ ports }: typeof left, description: string) => {
    const record = { ...key, description, revision: key.revision + 1 }
    return ports.records.commit(key.partition, { changes: [{ kind: "key", record }] })
  }
  const both = await Promise.allSettled([change(left, "left"), change(right, "right")])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"])
  for (const { ports } of [left, right]) {
    await ports.records.sync()
    assert.equal((await findKey(ports, manager, key.id))?.key.revision, 2)
  }
  await cluster.remove()
})

test("new keys of two nodes at once all find their place", async () => {
  const { cluster, left, right, manager } = await twoNodes()
  const made = await Promise.all(
    [left, right].flatMap(({ ports }, node) =>
      Array.from({ length: 100 }, (_, n) =>
        createKey(ports, manager, { name: `${node}-${n}`, algorithm: "HMAC_SHA_256" }),
      ),
    ),
  )
  for (const { ports } of [left, right]) {
    await ports.records.sync()
    for (const { id, name } of made) assert.equal((await findKey(ports, manager, name))?.key.id, id)
    const state = await ports.records.state(manager.caller.partition)
    assert.equal(state?.root.keyCount, 201)
  }
  await cluster.remove()
})

test("requests that arrive together share one look at the store's revision", async () => {
  const store = new WatchedStore(openMemoryStore())
  const cluster = await foundCluster(store)
  const { ports } = await openCluster(cluster, { store })
  let looks = 0
  const barrier = store.barrier.bind(store)
  store.barrier = () => {
    looks++
    return barrier()
  }
  await Promise.all(Array.from({ length: 1_000 }, () => ports.records.sync()))
  assert.ok(looks <= 2, `${looks} looks`)
  await ports.records.sync()
  assert.ok(looks <= 3, "and the next request looks for itself")
  await cluster.remove()
})

test("a node does not read its own commits again, but every commit of another", async () => {
  const store = new WatchedStore(openMemoryStore())
  const cluster = await foundCluster(store)
  const [left, right] = [
    await openCluster(cluster, { store }),
    await openCluster(cluster, { store }),
  ]
  const manager = contextOf("manager", await newPartition(left, "a"))
  await right.ports.records.sync()
  let reads = 0
  const changes = store.changes.bind(store)
  store.changes = (from) => {
    reads++
    return changes(from)
  }
  const create = ({ ports }: typeof left, name: string) =>
    createKey(ports, manager, { name, algorithm: "AES_256" })
  await left.ports.records.sync()
  reads = 0
  for (const name of ["one", "two"]) await create(left, name)
  await left.ports.records.sync()
  assert.equal(reads, 0)
  await create(right, "three")
  reads = 0
  const key = await create(left, "four") // Begins with a look at what the other has done.
  assert.equal(reads, 1)
  await right.ports.records.sync()
  assert.equal((await findKey(right.ports, manager, "four"))?.key.id, key.id)
  await cluster.remove()
})

test("a bulk of new keys leaves what is in use cached, and is read when it is used", async () => {
  const { stack, partition, as } = await memoryStack()
  const { records } = stack.ports
  const used = await createKey(stack.ports, as("manager"), { name: "used", algorithm: "AES_256" })
  const many = Array.from({ length: limits.cachedNewRecordsMax + 1 }, (_, n) => `many-${n}`)
  const made = await Promise.all(
    many.map((name) => createKey(stack.ports, as("manager"), { name, algorithm: "AES_256" })),
  )
  assert.equal(records.peek("key", partition, used.id)?.name, "used")
  const plaintext = Buffer.from("order 17")
  for (const { id, name } of [made[0] ?? assert.fail(), made.at(-1) ?? assert.fail()]) {
    assert.equal(records.peek("key", partition, id), undefined)
    await encrypt(stack.ports, as("user"), { key: id, plaintext })
    assert.equal(records.peek("key", partition, id)?.name, name)
  }
  await stack.cluster.remove()
})

test("a bounded map drops its oldest entry, and ends only what is deleted", () => {
  const ended: string[] = []
  const map = new BoundedMap<number, string>(2, (value) => ended.push(value))
  for (const [key, value] of ["a", "b", "c"].entries()) map.set(key, value)
  assert.deepEqual([map.get(0), map.get(1), map.get(2), map.size], [undefined, "b", "c", 2])
  map.delete(1)
  assert.deepEqual(ended, ["b"])
  map.clear()
  assert.deepEqual(ended, ["b", "c"])
})

test("the longest record of a key fits into a row of the store", async () => {
  const { cluster, key } = await twoNodes()
  const { tagsMax, tagKeyLengthMax, tagValueLengthMax, keyVersionsMax } = limits
  const name = (n: number): string => `${n}`.padStart(tagKeyLengthMax, "\u{10ffff}")
  const tags = Array.from({ length: tagsMax }, (_, n) => [
    name(n).slice(-tagKeyLengthMax),
    "\u{ffff}".repeat(tagValueLengthMax),
  ])
  const spkiOfRsa4096 = 550
  const record = encodeRecord({
    ...key,
    tags: Object.fromEntries(tags) as Record<string, string>,
    versions: Array.from({ length: keyVersionsMax }, (_, n) => ({
      version: n + 1,
      createdAt: key.createdAt,
      origin: "generated",
      publicKey: new Uint8Array(spkiOfRsa4096),
      hasSecret: true,
      sealsLeased: 0,
    })),
  })
  assert.ok(record.length < storeLimits.valueBytes - 4_096, `${record.length} bytes`)
  await cluster.remove()
})
