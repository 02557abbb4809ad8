import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { clusterPartition, type PartitionId } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import { paths } from "../../src/records/kinds.ts"
import { createKey } from "../../src/service/create-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { createPartition } from "../../src/service/partition.ts"
import { createPrincipal } from "../../src/service/principals.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

let stack: Stack
let partition: PartitionId
const store = new WatchedStore(openMemoryStore())
const manager = () => contextOf("manager", partition)
const create = (name: string, idempotencyKey: string) =>
  createKey(stack.ports, manager(), { name, algorithm: "HMAC_SHA_256", idempotencyKey })

before(async () => {
  stack = await openCluster(await foundCluster(store), { store })
  partition = await newPartition(stack, "a")
})
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

function loseNextAnswer(): void {
  store.after = () => {
    store.after = () => {}
    throw new HsmError("STORE_UNAVAILABLE", "the answer was lost")
  }
}

test("a creating call repeated after its answer was lost finds the first key", async () => {
  loseNextAnswer()
  await assert.rejects(create("first", "call-1"), { code: "STORE_UNAVAILABLE" })
  const again = await create("first", "call-1")
  const third = await create("first", "call-1")
  assert.equal(again.id, third.id)
  const page = await stack.ports.records.list("key", partition, { limit: 100 })
  assert.equal(page.items.filter(({ name }) => name === "first").length, 1)
})

test("the same call by two at once makes one key, and both are told of it", async () => {
  const [one, two, three] = await Promise.all([
    create("twice", "call-2"),
    create("twice", "call-2"),
    create("twice", "call-2"),
  ])
  assert.equal(one.id, two.id)
  assert.equal(one.id, three.id)
})

test("a name that another call has taken stays taken, with an idempotency key too", async () => {
  await create("taken", "call-3")
  await assert.rejects(create("taken", "call-4"), { code: "NAME_TAKEN" })
})

test("an idempotency key used for another command is refused", async () => {
  await create("original", "call-5")
  await assert.rejects(create("different", "call-5"), { code: "IDEMPOTENCY_MISMATCH" })
})

test("idempotency keys of two callers have nothing to do with each other", async () => {
  const mine = await create("mine", "call-6")
  const { caller } = manager()
  const other = { requestId: "request", caller: { ...caller, subject: "another" } }
  const command = { name: "theirs", algorithm: "HMAC_SHA_256", idempotencyKey: "call-6" } as const
  const theirs = await createKey(stack.ports, other, command)
  assert.notEqual(mine.id, theirs.id)
})

test("a repeated rotation makes no further version", async () => {
  const { id } = await create("rotated", "call-7")
  const rotate = () => rotateKey(stack.ports, manager(), { key: id, idempotencyKey: "rotation-1" })
  loseNextAnswer()
  await assert.rejects(rotate(), { code: "STORE_UNAVAILABLE" })
  assert.equal((await rotate()).versions.length, 2)
  const both = await Promise.all([rotate(), rotate()])
  assert.deepEqual(
    both.map(({ versions }) => versions.length),
    [2, 2],
  )
})

test("the same rotation by two at once makes one version, and both are told of it", async () => {
  const { id } = await create("rotated-at-once", "call-8")
  const rotate = () => rotateKey(stack.ports, manager(), { key: id, idempotencyKey: "rotation-2" })
  const both = await Promise.all([rotate(), rotate()])
  assert.deepEqual(
    both.map(({ versions }) => versions.length),
    [2, 2],
  )
})

test("a repeated principal comes without the token that was shown once", async () => {
  const command = {
    name: "application",
    roles: ["user"],
    credential: { kind: "token" },
    idempotencyKey: "call-9",
  } as const
  const officer = contextOf("officer", partition)
  const first = await createPrincipal(stack.ports, officer, command)
  const second = await createPrincipal(stack.ports, officer, command)
  assert.equal(second.principal.id, first.principal.id)
  assert.ok(first.token !== undefined)
  assert.equal(second.token, undefined)
  const [one, two] = await Promise.all(
    [1, 2].map(() =>
      createPrincipal(stack.ports, officer, {
        ...command,
        name: "at-once",
        idempotencyKey: "call-10",
      }),
    ),
  )
  assert.equal(one?.principal.id, two?.principal.id)
})

test("a partition that a crash left half made is completed by the repeated call", async () => {
  const operator = contextOf("operator", clusterPartition)
  const make = () =>
    createPartition(stack.ports, operator, { name: "half", idempotencyKey: "call-11" })
  let commits = 0
  store.before = () => {
    if (++commits < 2) return
    store.before = () => {}
    throw new HsmError("STORE_UNAVAILABLE", "the node died between the two commits")
  }
  await assert.rejects(make(), { code: "STORE_UNAVAILABLE" })
  const { partition: made, token } = await make()
  assert.equal(made.name, "half")
  assert.ok(token !== undefined)
  assert.equal((await make()).partition.id, made.id)
})

test("idempotency keys are forgotten after a day, however many there are", async () => {
  const quiet = await newPartition(stack, "quiet")
  const rows = async () => (await store.scan(paths.onces(quiet), { limit: 1_000 })).entries.length
  const { caller } = contextOf("manager", quiet)
  const call = (idempotencyKey: string) =>
    createKey(
      stack.ports,
      { caller, requestId: "request" },
      {
        name: idempotencyKey,
        algorithm: "HMAC_SHA_256",
        idempotencyKey,
      },
    )
  await call("old")
  stack.clock.advance(limits.idempotencyMs - 1)
  await call("young")
  await maintain(stack.ports)
  assert.equal(await rows(), 2)
  stack.clock.advance(2)
  await maintain(stack.ports)
  assert.equal(await rows(), 1)
  assert.equal((await call("young")).name, "young")
  await assert.rejects(call("old"), { code: "NAME_TAKEN" })
})
