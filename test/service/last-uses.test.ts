/** When keys were used last: from memory, the store and the log, and never by a write per use. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import type { AuditEvent } from "../../src/domain/audit-event.ts"
import { instant, type KeyId, type PartitionId } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { LastUses, lastUseOf } from "../../src/service/last-uses.ts"
import { RecentUses } from "../../src/service/recent-uses.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"

const plaintext = Buffer.from("text")
const cluster = await foundCluster()
after(() => cluster.remove())

interface Scene {
  readonly stack: Stack
  readonly partition: PartitionId
  readonly user: Context
  readonly manager: Context
  readonly key: string
}

async function scene(name: string): Promise<Scene> {
  const stack = await openCluster(cluster)
  const partition = await newPartition(stack, name)
  const manager = contextOf("manager", partition)
  const { id } = await createKey(stack.ports, manager, { name: "orders", algorithm: "AES_256" })
  return { stack, partition, manager, user: contextOf("user", partition, "the-use"), key: id }
}

/** The node stops, or dies, and comes back over the same store and log. */
async function again(on: Scene, how: "stopped" | "killed"): Promise<Scene> {
  const { stack } = on
  if (how === "stopped") await stack.ports.lastUses.save({ settled: true })
  await stack.stop()
  return { ...on, stack: await openCluster(cluster, { audit: stack.audit }) }
}

const use = ({ stack, user, key }: Scene) => encrypt(stack.ports, user, { key, plaintext })
const ask = ({ stack, manager, key }: Scene) => lastUseOf(stack.ports, manager, { key })

async function told(on: Scene): Promise<readonly unknown[]> {
  const { use } = await ask(on)
  return [use?.act, use?.at, use?.subject, use?.requestId]
}

test("is told at once, with who and for what, and writes nothing to the store", async () => {
  const on = await scene("a")
  const before = await on.stack.store.health()
  assert.deepEqual(await told(on), [undefined, undefined, undefined, undefined])
  cluster.clock.advance(1_000)
  const { ciphertext } = await use(on)
  const expected = ["key.encrypt", cluster.clock.now(), "user", "the-use"]
  assert.deepEqual(await told(on), expected)
  cluster.clock.advance(1_000)
  const { stack, user } = on
  await decrypt(stack.ports, user, { ciphertext })
  assert.deepEqual((await told(on)).slice(0, 2), ["key.decrypt", cluster.clock.now()])
  assert.equal((await stack.store.health()).rev, before.rev)
  await stack.stop()
})

for (const how of ["stopped", "killed"] as const) {
  test(`is known after the node has been ${how}, stored before or not`, async () => {
    let on = await scene(`b-${how}`)
    await use(on)
    const first = await told(on)
    on = await again(on, how)
    assert.deepEqual(await told(on), first)
    cluster.clock.advance(5_000)
    await use(on)
    await on.stack.ports.lastUses.save()
    cluster.clock.advance(5_000)
    await use(on)
    const last = await told(on)
    assert.equal(last[1], cluster.clock.now())
    on = await again(on, how)
    assert.deepEqual(await told(on), last)
    const { since, key } = await ask(on)
    assert.equal(since, key.createdAt)
    await on.stack.stop()
  })
}

test("is none that failed or was refused, in memory and from the log", async () => {
  let on = await scene("c")
  const { ciphertext } = await use(on)
  const first = await told(on)
  cluster.clock.advance(1_000)
  const bad = ciphertext.slice()
  bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1
  const { stack, user, manager, key } = on
  await assert.rejects(decrypt(stack.ports, user, { ciphertext: bad }), {
    code: "DECRYPTION_FAILED",
  })
  await assert.rejects(encrypt(stack.ports, manager, { key, plaintext }), {
    code: "OPERATION_FORBIDDEN",
  })
  await assert.rejects(encrypt(stack.ports, { ...user, dryRun: true }, { key, plaintext }), {
    code: "DRY_RUN",
  })
  assert.deepEqual(await told(on), first)
  on = await again(on, "killed")
  assert.deepEqual(await told(on), first)
  await on.stack.stop()
})

test("is for those who keep keys, and of no other partition", async () => {
  const on = await scene("d")
  const { stack, user, key } = on
  const asked = lastUseOf(stack.ports, user, { key })
  await assert.rejects(asked, { code: "OPERATION_FORBIDDEN" })
  const stranger = contextOf("manager", await newPartition(stack, "d-other"))
  await assert.rejects(lastUseOf(stack.ports, stranger, { key }), { code: "KEY_NOT_FOUND" })
  await stack.stop()
})

test("is stored in few records, however many keys there are", async () => {
  const on = await scene("e")
  const { stack, partition, manager, user } = on
  for (let nth = 0; nth < 20; nth++) {
    const { id } = await createKey(stack.ports, manager, {
      name: `key-${nth}`,
      algorithm: "AES_256",
    })
    await encrypt(stack.ports, user, { key: id, plaintext })
  }
  const before = (await stack.store.health()).rev
  await stack.ports.lastUses.save()
  assert.equal((await stack.store.health()).rev, before + 1)
  await stack.ports.lastUses.save()
  assert.equal((await stack.store.health()).rev, before + 1, "nothing new, nothing written")
  const { items } = await stack.ports.records.list("last-use", partition, { limit: 100 })
  assert.ok(items.length <= 21)
  await stack.stop()
})

test("of more keys than a process remembers is left to the log", () => {
  const recent = new RecentUses()
  const partition = "p" as PartitionId
  const event: AuditEvent = { act: "key.sign", partition, outcome: "allowed", subject: "x" }
  for (let nth = 0; nth <= limits.recentUsesMax; nth++) {
    recent.note({ id: String(nth) as KeyId, partition }, event, instant(nth))
  }
  const { uses, missed } = recent.take()
  assert.deepEqual([uses.length, missed], [limits.recentUsesMax, true])
  assert.deepEqual(recent.take(), { uses: [], missed: false })
})

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}

test("what reads the log in the background gives way to what writes it; others wait", async () => {
  const on = await scene("patience")
  const { records, auditReader } = on.stack.ports
  const key = (await records.read("key", on.partition, on.key)) ?? assert.fail()
  const pages = 40
  const reader = {
    ...auditReader,
    heads: () => Promise.resolve({ chain: pages }),
    async *since() {
      for (let page = 0; page < pages; page++) yield await Promise.resolve([])
    },
  }
  const begun = (): LastUses => {
    const recent = new RecentUses()
    const event: AuditEvent = {
      act: "key.encrypt",
      partition: on.partition,
      outcome: "allowed",
      subject: "user",
    }
    recent.note(key, event, cluster.clock.now())
    return new LastUses({ records, auditReader: reader, recent, takeOthers: () => undefined })
  }
  const rests = pages * limits.auditReadRestMs
  assert.ok((await timed(() => begun().save())) >= 0.9 * rests)
  const asked = begun()
  assert.ok((await timed(() => asked.of(key))) < 0.9 * rests)
  const stopping = begun()
  const hurried = timed(() => stopping.save())
  stopping.hurry()
  assert.ok((await hurried) < 0.9 * rests)
  await on.stack.stop()
})
