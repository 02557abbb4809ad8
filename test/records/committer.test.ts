import assert from "node:assert/strict"
import { after, before, mock, test } from "node:test"

import { systemRandom } from "../../src/daemon/system.ts"
import { HsmError } from "../../src/domain/errors.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { encrypt } from "../../src/service/encrypt.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { updateKey } from "../../src/service/update-key.ts"
import { findKey } from "../../src/service/find-key.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { instant, type PartitionId, type StampBlockId } from "../../src/domain/ids.ts"
import type { Change } from "../../src/records/committer.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

let stack: Stack
let partition: PartitionId
const store = new WatchedStore(openMemoryStore())
const manager = () => contextOf("manager", partition)
const create = (name: string) =>
  createKey(stack.ports, manager(), { name, algorithm: "HMAC_SHA_256" })

before(async () => {
  stack = await openCluster(await foundCluster(store), { store })
  partition = await newPartition(stack, "a")
})
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

/** Codes of the calls that were refused; undefined for those that succeeded. */
async function codes(calls: readonly Promise<unknown>[]): Promise<(string | undefined)[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((result) =>
    result.status === "fulfilled" ? undefined : (result.reason as HsmError).code,
  )
}

test("a thousand concurrent creates share a few commits, and each is there", async () => {
  const commits = store.commits
  const names = Array.from({ length: 1_000 }, (_, n) => `many-${n}`)
  const keys = await Promise.all(names.map((name) => create(name)))
  assert.ok(store.commits - commits <= 30, `${store.commits - commits} commits`)
  assert.equal(new Set(keys.map(({ id }) => id)).size, 1_000)
  await stack.ports.records.sync()
  const state = await stack.ports.records.state(partition)
  assert.equal(state?.root.keyCount, 1_000)
  for (const [n, key] of keys.entries()) {
    assert.equal((await findKey(stack.ports, manager(), names[n] ?? ""))?.key.id, key.id)
  }
})

test("a change of what the node knows reads nothing, and its pin refuses what is old", async () => {
  const { records } = stack.ports
  const block = { id: systemRandom.bytes(16).toHex() as StampBlockId, partition, dueAt: instant(1) }
  const at = (revision: number): Change => ({
    kind: "stamp-block",
    record: { ...block, used: new Uint8Array(1), revision },
  })
  const other = await openCluster(stack.cluster, { store })
  const commit = (by: Stack, change: Change) =>
    by.ports.records.commit(partition, { changes: [change] })
  await commit(stack, at(1))
  await other.ports.records.sync()
  await other.ports.records.read("stamp-block", partition, block.id)
  const get = mock.method(store, "get")
  await commit(stack, at(2))
  assert.equal(get.mock.callCount(), 0)
  get.mock.restore()
  await assert.rejects(commit(other, at(2)), { code: "CONFLICT" })
  await commit(stack, { ...at(3), removes: true })
  await assert.rejects(commit(other, at(4)), { code: "CONFLICT" })
  await records.sync()
  assert.equal(await records.read("stamp-block", partition, block.id), undefined)
})

test("creates one after the other cost one commit each: groups form under load alone", async () => {
  const commits = store.commits
  await create("one")
  await create("two")
  assert.equal(store.commits - commits, 2)
})

test("of concurrent creates under one name one succeeds and the others are refused", async () => {
  const outcomes = await codes(Array.from({ length: 20 }, () => create("wanted")))
  assert.equal(outcomes.filter((code) => code === undefined).length, 1)
  assert.equal(outcomes.filter((code) => code === "NAME_TAKEN").length, 19)
})

test("of concurrent updates of one revision one wins and the others conflict", async () => {
  const key = await create("contested")
  const update = (n: number): Promise<KeyRecord> =>
    updateKey(stack.ports, manager(), { key: key.id, description: `${n}`, ifRevision: 1 })
  const outcomes = await codes(Array.from({ length: 20 }, (_, n) => update(n)))
  assert.equal(outcomes.filter((code) => code === undefined).length, 1)
  assert.equal(outcomes.filter((code) => code === "CONFLICT").length, 19)
  const winner = outcomes.indexOf(undefined)
  const now = await findKey(stack.ports, manager(), key.id)
  assert.deepEqual([now?.key.description, now?.key.revision], [`${winner}`, 2])
})

test("one member of a group that does not fit is refused alone", async () => {
  const key = await create("group-victim")
  await create("taken")
  const commits = store.commits
  const outcomes = await codes([
    create("group-1"),
    create("taken"),
    create("group-2"),
    updateKey(stack.ports, manager(), { key: key.id, name: "taken" }),
    updateKey(stack.ports, manager(), { key: key.id, description: "still possible" }),
  ])
  assert.deepEqual(outcomes, [undefined, "NAME_TAKEN", undefined, "NAME_TAKEN", undefined])
  // One of them is an attempt, which finds the name taken.
  assert.ok(store.commits - commits <= 3)
})

test("what a refused member would have used up is there for the next one", async () => {
  const tight = await newPartition(stack, "tight", { quota: { keysMax: 2 } })
  const make = (name: string) =>
    createKey(stack.ports, contextOf("manager", tight), { name, algorithm: "HMAC_SHA_256" })
  await make("taken")
  const outcomes = await codes([make("taken"), make("last"), make("over")])
  assert.deepEqual(outcomes, ["NAME_TAKEN", undefined, "QUOTA_EXCEEDED"])
})

test("a new key reads no row to be written: its guards look for what is in its way", async () => {
  await create("before")
  await stack.ports.records.sync()
  let reads = 0
  const get = store.get.bind(store)
  store.get = (keys) => {
    reads++
    return get(keys)
  }
  const guarded: number[] = []
  store.before = ({ when }) => void guarded.push(when.filter(({ modRev }) => modRev === 0).length)
  await create("unread")
  assert.equal(reads, 0)
  assert.deepEqual(guarded, [2]) // Its record and its name.
  assert.deepEqual(await codes([create("unread")]), ["NAME_TAKEN"])
  store.get = get
  store.before = () => {}
})

test("a name is free again in the commit that deletes its key", async () => {
  const first = await create("phoenix")
  await deleteKey(stack.ports, manager(), { key: "phoenix", windowMs: 0 })
  const second = await create("phoenix")
  assert.notEqual(second.id, first.id)
  assert.equal((await findKey(stack.ports, manager(), "phoenix"))?.key.id, second.id)
  assert.equal((await findKey(stack.ports, manager(), first.id))?.key.state, "destroyed")
})

test("a commit whose answer is lost is unknown to its caller and there for everybody", async () => {
  store.after = () => {
    store.after = () => {}
    throw new HsmError("STORE_UNAVAILABLE", "the answer was lost")
  }
  await assert.rejects(create("lost-answer"), { code: "STORE_UNAVAILABLE" })
  await stack.ports.records.sync()
  assert.equal((await findKey(stack.ports, manager(), "lost-answer"))?.key.name, "lost-answer")
  await assert.rejects(create("lost-answer"), { code: "NAME_TAKEN" })
})

test("a commit that failed before the store saw it leaves nothing", async () => {
  store.before = () => {
    store.before = () => {}
    throw new HsmError("STORE_UNAVAILABLE", "it is down")
  }
  await assert.rejects(create("never"), { code: "STORE_UNAVAILABLE" })
  await stack.ports.records.sync()
  assert.equal(await findKey(stack.ports, manager(), "never"), undefined)
  assert.equal((await create("never")).revision, 1)
})

test("a group that is too large for one commit is split, not refused", async () => {
  const heavy = await Promise.all(
    Array.from({ length: 16 }, async (_, n) => {
      const { id } = await create(`heavy-${n}`)
      for (let version = 2; version <= 200; version++) {
        await rotateKey(stack.ports, manager(), { key: id })
      }
      return id
    }),
  )
  // 16 x 200 rows of material: more than store.ts allows in one commit.
  const outcomes = await codes([
    ...heavy.map((key) => deleteKey(stack.ports, manager(), { key, windowMs: 0 })),
    create("bystander"),
  ])
  assert.deepEqual(
    outcomes,
    Array.from({ length: 17 }, () => undefined),
  )
})

test("what is read while a commit is being answered does not look like tampering", async () => {
  const other = await openCluster(stack.cluster, { store })
  const { records } = other.ports
  await records.sync()
  let listed: Promise<{ items: readonly KeyRecord[] }> | undefined
  store.after = async () => {
    store.after = () => {}
    // The store has the new key; the one who made it has not heard so yet.
    listed = records.list("key", partition, { limit: 1_000 })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const fresh = await createKey(other.ports, manager(), { name: "fresh", algorithm: "AES_256" })
  assert.ok((await listed) !== undefined)
  await other.ports.records.sync()
  const sealed = await encrypt(other.ports, contextOf("user", partition), {
    key: fresh.id,
    plaintext: Buffer.from("opens"),
  })
  assert.equal(sealed.version, 1)
  await other.stop()
})
