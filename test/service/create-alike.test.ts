/** Keys that are made together: what each would have been alone, with one decision and record. */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"

import { uuidOf } from "../../src/codec/uuid.ts"
import { isWanted, type AuditRecord } from "../../src/audit/body.ts"
import { systemRandom } from "../../src/daemon/system.ts"
import { HsmError } from "../../src/domain/errors.ts"
import { clusterPartition } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { Failed } from "../../src/domain/outcome.ts"
import type { Context, CreateKeyCommand } from "../../src/service/commands.ts"
import { areAlikeToCreate } from "../../src/service/create-alike.ts"
import { createKey } from "../../src/service/create-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { findKey } from "../../src/service/find-key.ts"
import { freshIds } from "../../src/service/once.ts"
import { updateQuota } from "../../src/service/partition.ts"
import { useAlike, type AlikeUses } from "../../src/service/use-alike.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import {
  contextOf,
  foundCluster,
  memoryStack,
  newPartition,
  openCluster,
} from "../support/stack.ts"
import { WatchedStore } from "../support/watched-store.ts"

async function fixture() {
  const { stack, partition, as } = await memoryStack()
  const part = (index: number): Context => ({
    ...contextOf("manager", partition, `request.${index}`),
    within: "request",
  })
  const together = (commands: readonly CreateKeyCommand[], context = part) =>
    useAlike(stack.ports, usesOf(commands, context(0)))
  return { stack, partition, as, part, together, ports: stack.ports }
}

function usesOf(commands: readonly CreateKeyCommand[], context: Context): AlikeUses<"createKey"> {
  return { service: "createKey", commands, context, requestIdOf: (index) => `request.${index}` }
}

type Outcomes = Awaited<ReturnType<typeof useAlike>>

/** The keys that were made; codes of those that were not. */
function keysOf(outcomes: Outcomes): (KeyRecord | string | undefined)[] {
  assert.ok(outcomes !== undefined)
  return outcomes.map((one) => {
    if (one instanceof Failed) return (one.error as { code?: string }).code
    return one as KeyRecord // What the service of this test answers.
  })
}

function named(count: number, prefix = "key"): CreateKeyCommand[] {
  return Array.from({ length: count }, (_, n) => ({ name: `${prefix}-${n}`, algorithm: "AES_256" }))
}

/** What a record says apart from who it is. */
function kindOf({ id: _id, name: _name, ...rest }: KeyRecord): object {
  return rest
}

test("keys made together are what each would be alone, and each can be used", async () => {
  const { stack, ports, as, together } = await fixture()
  const own = { tags: { team: "a" }, description: "d", rotationPeriodMs: 90 * 86_400_000 }
  const commands: CreateKeyCommand[] = [
    ...named(70),
    { name: "own", algorithm: "AES_256", usages: ["encrypt"], extractable: true, ...own },
  ]
  const made = keysOf(await together(commands))
  assert.equal(new Set(made.map((key) => (key as KeyRecord).id)).size, 71)
  for (const [index, key] of (made as KeyRecord[]).entries()) {
    const template = commands[index] ?? assert.fail()
    const other = { ...template, kms: undefined, name: `alone-${index}` }
    const alone = await createKey(ports, as("manager"), other)
    assert.equal(key.name, template.name)
    assert.deepEqual(kindOf(key), kindOf(alone))
    assert.deepEqual((await findKey(ports, as("user"), key.name))?.key, key)
    const plaintext = Buffer.from("order 17")
    const { ciphertext } = await encrypt(ports, as("user"), { key: key.name, plaintext })
    if (index === 70) continue // It does not decrypt.
    const opened = await decrypt(ports, as("user"), { ciphertext })
    assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
  }
  await stack.cluster.remove()
})

function draw(count: number): string[] {
  const next = freshIds({ random: systemRandom }, count)
  return Array.from({ length: count }, () => uuidOf(next()))
}

function beginningsOf(ids: readonly string[]): Set<string> {
  return new Set(ids.map((id) => id.slice(0, 13)))
}

test("ids drawn together begin alike, each is its own, and all have a UUID's shape", () => {
  const [some, others] = [draw(1_000), draw(2)]
  assert.equal(beginningsOf(some).size, 1)
  assert.equal(beginningsOf([...some, ...others]).size, 2)
  assert.equal(new Set(some).size, 1_000)
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const id of [...some, ...others]) assert.match(id, shape)
})

test("keys made together are there, and open, after the node has started anew", async () => {
  const cluster = await foundCluster()
  const before = await openCluster(cluster)
  const partition = await newPartition(before, "a")
  const manager = contextOf("manager", partition)
  const user = contextOf("user", partition)
  const uses = usesOf(named(100), { ...manager, within: "request" })
  keysOf(await useAlike(before.ports, uses))
  const plaintext = Buffer.from("order 17")
  const sealed = await encrypt(before.ports, user, { key: "key-99", plaintext })
  await before.stop({ anchored: true })
  const after = await openCluster(cluster)
  const opened = await decrypt(after.ports, user, { ciphertext: sealed.ciphertext })
  assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
  assert.equal(await after.ports.records.keyCount(partition), 100)
  await after.stop()
  await cluster.remove()
})

test("one record allows them, one names all of them with what was written", async () => {
  const { stack, ports, partition, together } = await fixture()
  const made = keysOf(await together(named(100))) as KeyRecord[]
  const [allowed, ...more] = stack.audit.of("key.create")
  assert.deepEqual(more, [])
  assert.deepEqual(
    [allowed?.count, allowed?.requestId, allowed?.keyId],
    [100, "request", undefined],
  )
  const [done, ...others] = stack.audit.of("key.create", "done")
  assert.deepEqual(others, [])
  assert.deepEqual([done?.count, done?.requestId], [100, "request"])
  assert.deepEqual(
    done?.keyIds,
    made.map(({ id }) => id),
  )
  const paths = done.writes?.map(({ path }) => path) ?? []
  assert.deepEqual(
    paths,
    made.map(({ id }) => `p/${partition}/r/key/${id}`),
  )
  const { entries } = await ports.records.store.get(paths)
  for (const [at, entry] of entries.entries()) {
    const hash = createHash("sha256")
      .update(entry?.value ?? assert.fail())
      .digest("hex")
    assert.equal(done.writes?.[at]?.hash, hash)
    assert.equal(entry?.modRev, done.storeRev)
  }
  await stack.cluster.remove()
})

test("the record of many keys is found by each of them, and by no other", () => {
  const record = { keyIds: ["one", "two"] } as unknown as AuditRecord // All that is looked at.
  for (const [keyId, wanted] of [
    ["one", true],
    ["two", true],
    ["three", false],
  ] as const) {
    assert.equal(isWanted(record, { keyId }), wanted)
  }
})

test("a name that is taken, before or by a neighbour, is the fate of that one alone", async () => {
  const { stack, ports, as, together } = await fixture()
  await createKey(ports, as("manager"), { name: "key-3", algorithm: "AES_256" })
  const begun = stack.audit.events.length
  const commands = [...named(6), { name: "key-1", algorithm: "AES_256" } as const]
  const made = keysOf(await together(commands))
  assert.deepEqual(
    made.map((one) => (typeof one === "string" ? one : one?.name)),
    ["key-0", "key-1", "key-2", "NAME_TAKEN", "key-4", "key-5", "NAME_TAKEN"],
  )
  const told = stack.audit.events.slice(begun)
  assert.deepEqual(
    told.map(({ outcome, requestId, count, code }) => [outcome, requestId, count, code]),
    [
      ["allowed", "request", 7, undefined],
      ["done", "request", 5, undefined],
      ["failed", "request.3", undefined, "NAME_TAKEN"],
      ["failed", "request.6", undefined, "NAME_TAKEN"],
    ],
  )
  await stack.cluster.remove()
})

test("a quota that is reached in the middle is not overshot, by two groups at once", async () => {
  const { stack, ports, partition, together } = await fixture()
  const operator = contextOf("operator", clusterPartition)
  await updateQuota(ports, operator, { partition, quota: { keysMax: 15 } })
  const groups = await Promise.all([together(named(10, "a")), together(named(10, "b"))])
  const made = groups.flatMap(keysOf)
  const refused = made.filter((one) => one === "QUOTA_EXCEEDED")
  assert.deepEqual([made.length, refused.length], [20, 5])
  assert.equal(await ports.records.keyCount(partition), 15)
  assert.equal(stack.audit.of("key.create", "failed").length, 5)
  // Nothing fits any more: then the refusal is the one of a single key.
  assert.equal(await together(named(2, "c")), undefined)
  await stack.cluster.remove()
})

test("what is refused, or made otherwise, goes one by one, and nothing has happened", async () => {
  const { stack, partition, part, together } = await fixture()
  const begun = stack.audit.events.length
  const asUser = (index: number): Context => ({
    ...contextOf("user", partition, `request.${index}`),
    within: "request",
  })
  assert.equal(await together(named(3), asUser), undefined)
  const dry = (index: number): Context => ({ ...part(index), dryRun: true })
  assert.equal(await together(named(3), dry), undefined)
  for (const other of [
    { name: "not a name", algorithm: "AES_256" },
    { name: "once", algorithm: "AES_256", idempotencyKey: "call" },
    { name: "ruled", algorithm: "AES_256", rules: {} },
    { algorithm: "AES_256", kms: {} },
  ] as unknown as CreateKeyCommand[]) {
    assert.equal(await together([...named(3), other]), undefined)
  }
  assert.equal(stack.audit.events.length, begun)
  await stack.cluster.remove()
})

test("of commands those of one algorithm go together, without what is looked up for each", () => {
  const [one, other] = named(2) as [CreateKeyCommand, CreateKeyCommand]
  assert.equal(areAlikeToCreate(one, { ...other, tags: { a: "b" }, extractable: true }), true)
  assert.equal(areAlikeToCreate(one, { ...other, algorithm: "AES_128" }), false)
  assert.equal(areAlikeToCreate(one, { ...other, idempotencyKey: "call" }), false)
})

test("pairs are made together too, each its own", async () => {
  const { stack, together } = await fixture()
  const commands = Array.from({ length: 5 }, (_, n) => {
    return { name: `pair-${n}`, algorithm: "EC_P256" } as const
  })
  const made = keysOf(await together(commands)) as KeyRecord[]
  const publicKeys = made.map(({ versions }) => versions[0]?.publicKey?.toHex())
  assert.equal(new Set(publicKeys).size, 5)
  assert.ok(publicKeys.every((one) => one !== undefined))
  await stack.cluster.remove()
})

test("when the log takes nothing in, no key is made", async () => {
  const { stack, ports, partition, together } = await fixture()
  stack.audit.refuse = new HsmError("AUDIT_UNAVAILABLE", "the disk is full")
  await assert.rejects(together(named(3)), { code: "AUDIT_UNAVAILABLE" })
  assert.equal(await ports.records.keyCount(partition), 0)
  await stack.cluster.remove()
})

test("a commit of which nothing is known fails all, each in its own record", async () => {
  const store = new WatchedStore(openMemoryStore())
  const stack = await openCluster(await foundCluster(store), { store })
  const partition = await newPartition(stack, "a")
  const manager = contextOf("manager", partition)
  const uses = usesOf(named(3), { ...manager, within: "request" })
  store.before = () => {
    throw new HsmError("STORE_UNAVAILABLE", "the disk has failed")
  }
  const made = keysOf(await useAlike(stack.ports, uses))
  assert.deepEqual(made, Array.from({ length: 3 }).fill("STORE_UNAVAILABLE"))
  const failed = stack.audit.of("key.create", "failed")
  assert.deepEqual(
    failed.map(({ requestId, code }) => [requestId, code]),
    [0, 1, 2].map((index) => [`request.${index}`, "STORE_UNAVAILABLE"]),
  )
  assert.deepEqual(stack.audit.of("key.create", "done"), [])
  await stack.cluster.remove()
})
