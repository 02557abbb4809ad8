import assert from "node:assert/strict"
import { test } from "node:test"

import type { PartitionId } from "../../src/domain/ids.ts"
import { rotateEpoch, type RootFiles } from "../../src/records/epochs.ts"
import { paths } from "../../src/records/kinds.ts"
import { decodeTableRow } from "../../src/records/rows.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey, deletionReceipt } from "../../src/service/delete-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

const secret = Buffer.from("what must survive every rotation")

async function fixture(store: WatchedStore, roots?: RootFiles) {
  const cluster = await foundCluster(store)
  const stack = await openCluster(cluster, roots === undefined ? { store } : { store, roots })
  const partition = await newPartition(stack, "a")
  const key = await createKey(stack.ports, contextOf("manager", partition), {
    name: "orders",
    algorithm: "AES_256",
  })
  const { ciphertext } = await encrypt(stack.ports, contextOf("user", partition), {
    key: key.id,
    plaintext: secret,
  })
  return { cluster, stack, partition, ciphertext }
}

async function opens({ ports }: Stack, partition: PartitionId, ciphertext: Uint8Array) {
  const { plaintext } = await decrypt(ports, contextOf("user", partition), { ciphertext })
  return Buffer.from(plaintext).equals(secret)
}

/** A key that lived and died under the present root. */
async function destroyed({ ports }: Stack, partition: PartitionId): Promise<string> {
  const manager = contextOf("manager", partition)
  const { id } = await createKey(ports, manager, { name: "gone", algorithm: "AES_256" })
  await deleteKey(ports, manager, { key: id, windowMs: 0 })
  return id
}

async function isShredded({ ports }: Stack, partition: PartitionId, key: string) {
  const receipt = await deletionReceipt(ports, contextOf("manager", partition), { key })
  return receipt.shreddedAt !== undefined
}

/** The epochs under which a partition's tables are sealed. */
async function tableEpochs(store: WatchedStore, partition: PartitionId): Promise<number[]> {
  const { entries } = await store.scan(paths.tables(partition), { limit: 1_000 })
  return [...new Set(entries.map(({ value }) => decodeTableRow(value).epoch))]
}

test("a rotation seals every table under the new root alone, and keys live on", async () => {
  const store = new WatchedStore(openMemoryStore())
  const { cluster, stack, partition, ciphertext } = await fixture(store)
  const { epoch, destroyed } = await stack.ports.node.rotateEpoch()
  assert.deepEqual([epoch, destroyed], [2, [1]])
  assert.deepEqual(await tableEpochs(store, partition), [2])
  assert.deepEqual(await cluster.roots.list(), [2])
  assert.ok(await opens(stack, partition, ciphertext))
  await stack.stop()
  await cluster.remove()
})

/** A store or folder that dies at its n-th act of a rotation: before doing it, or just after. */
class Crash {
  #left: number
  readonly #late: boolean
  constructor(step: number, late: boolean) {
    this.#left = step
    this.#late = late
  }
  async at(act: () => Promise<void>): Promise<void> {
    const dies = --this.#left === 0
    if (dies && !this.#late) throw new Error("crash")
    await act()
    if (dies) throw new Error("crash")
  }
  get happened(): boolean {
    return this.#left <= 0
  }
}

for (const late of [false, true]) {
  const when = late ? "just after" : "before"
  test(`a rotation that dies ${when} any step is finished at the next start`, async () => {
    let step = 1
    for (; ; step++) {
      const store = new WatchedStore(openMemoryStore())
      const { cluster, stack, partition, ciphertext } = await fixture(store)
      const crash = new Crash(step, late)
      const { roots } = cluster
      const dying: RootFiles = {
        list: () => roots.list(),
        read: (epoch) => roots.read(epoch),
        write: (epoch, sealed) => crash.at(() => roots.write(epoch, sealed)),
        destroy: (epoch) => crash.at(() => roots.destroy(epoch)),
      }
      const { records, clock } = stack.ports
      const gone = await destroyed(stack, partition)
      if (late) store.after = () => crash.at(async () => {})
      else store.before = () => crash.at(async () => {})
      const rotated = await rotateEpoch(records, dying, () => clock.now()).then(
        () => true,
        () => false,
      )
      store.before = () => {}
      store.after = () => {}
      assert.equal(rotated, !crash.happened)
      await stack.stop()
      const again = await openCluster(cluster, { store })
      assert.ok(await opens(again, partition, ciphertext), `step ${step}`)
      const [only, ...others] = await roots.list()
      assert.deepEqual(others, [], `step ${step}`)
      assert.deepEqual(await tableEpochs(store, partition), [only], `step ${step}`)
      // Without the new root's file the rotation never began, and nothing has been shredded.
      assert.equal(await isShredded(again, partition, gone), only === 2, `step ${step}`)
      await again.stop()
      await cluster.remove()
      if (rotated) break
    }
    assert.ok(step > 4, `only ${step} steps were tried`)
  })
}

test("two rotations at once are two rotations", async () => {
  const store = new WatchedStore(openMemoryStore())
  const { cluster, stack, partition, ciphertext } = await fixture(store)
  const both = [stack.ports.node.rotateEpoch(), stack.ports.node.rotateEpoch()]
  assert.deepEqual(
    (await Promise.all(both)).map(({ epoch }) => epoch),
    [2, 3],
  )
  await stack.stop()
  const again = await openCluster(cluster, { store })
  assert.ok(await opens(again, partition, ciphertext))
  await again.stop()
  await cluster.remove()
})

test("keys that are created while the epoch rotates survive it", async () => {
  const store = new WatchedStore(openMemoryStore())
  const { cluster, stack, partition } = await fixture(store)
  // A group that makes new buckets is on its way, sealed under the old root, when it begins.
  const gate = Promise.withResolvers<undefined>()
  const reached = Promise.withResolvers<undefined>()
  store.before = async ({ then }) => {
    if (then.length < 200) return
    store.before = () => {}
    reached.resolve(undefined)
    await gate.promise
  }
  const creating = Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      createKey(stack.ports, contextOf("manager", partition), {
        name: `during-${n}`,
        algorithm: "AES_256",
      }),
    ),
  )
  await reached.promise
  const rotating = stack.ports.node.rotateEpoch()
  setTimeout(() => gate.resolve(undefined), 50)
  const keys = await creating
  await rotating
  assert.deepEqual(await tableEpochs(store, partition), [2])
  await stack.stop()
  const again = await openCluster(cluster, { store })
  for (const { id } of keys) {
    const sealed = await encrypt(again.ports, contextOf("user", partition), {
      key: id,
      plaintext: secret,
    })
    assert.equal(sealed.version, 1)
  }
  await again.stop()
  await cluster.remove()
})

test("a receipt never says shredded while a table that holds the secret still opens", async () => {
  const store = new WatchedStore(openMemoryStore())
  const { cluster, stack, partition } = await fixture(store)
  const { records } = stack.ports
  // Between decision and commit the epoch moves on: the secret now lies in tables of epoch 2.
  const commit = records.commit.bind(records)
  records.commit = async (...args) => {
    records.commit = commit
    await stack.ports.node.rotateEpoch()
    return await records.commit(...args)
  }
  const manager = contextOf("manager", partition)
  const gone = await deleteKey(stack.ports, manager, { key: "orders", windowMs: 0 })
  const receipt = await deletionReceipt(stack.ports, manager, { key: gone.id })
  assert.equal(receipt.destroyedEpoch, 2)
  assert.equal(receipt.shreddedAt, undefined)
  await stack.ports.node.rotateEpoch()
  const later = await deletionReceipt(stack.ports, manager, { key: gone.id })
  assert.equal(later.shreddedAt, stack.clock.now())
  await stack.stop()
  await cluster.remove()
})
