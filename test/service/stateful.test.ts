/** Keys that count their signatures: no index is used twice, whatever ends or is put back. */
import assert from "node:assert/strict"
import { cp, rm } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"

import type { Context } from "../../src/service/commands.ts"
import { createKey, importKey } from "../../src/service/create-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { describeKey, publicKey } from "../../src/service/read-key.ts"
import { sign, verify } from "../../src/service/sign.ts"
import { fastForwardKey } from "../../src/service/update-key.ts"
import {
  copyCluster,
  foundCluster,
  contextOf,
  newPartition,
  openCluster,
  type Stack,
} from "../support/stack.ts"

const message = Buffer.from("firmware")
const key = "firmware"

interface World {
  readonly stack: Stack
  readonly as: (role: "manager" | "user" | "officer") => Context
}

/** A node with a file of its own, and a key of LMS. */
async function world(algorithm: "LMS_SHA256_H5" | "LMS_SHA256_H10"): Promise<World> {
  const stack = await openCluster(await foundCluster())
  const partition = await newPartition(stack, "a", { flags: { keyImport: true } })
  const as: World["as"] = (role) => contextOf(role, partition)
  await createKey(stack.ports, as("manager"), { name: key, algorithm })
  return { stack, as }
}

/** Signs, and says with which index: RFC 8554 section 5.4 puts it behind the levels. */
async function indexOf({ stack: { ports }, as }: World): Promise<number> {
  const { signature } = await sign(ports, as("user"), { key, message })
  assert.ok((await verify(ports, as("user"), { key, message, signature })).valid)
  return Buffer.from(signature).readUInt32BE(4)
}

async function reserved({ stack: { ports }, as }: World): Promise<number | undefined> {
  return (await describeKey(ports, as("officer"), { key })).versions.at(-1)?.indexes?.leased
}

test("signatures at one moment have indexes of their own; a restart forfeits some", async () => {
  const here = await world("LMS_SHA256_H10")
  const { stack, as } = here
  assert.equal(await reserved(here), 1, "the pair's own test has used the first")
  const first = await Promise.all(Array.from({ length: 20 }, () => indexOf(here)))
  assert.deepEqual(
    first.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, at) => at + 1),
  )
  const next = (await reserved(here)) ?? assert.fail()
  assert.ok(next >= 21 && next < 29, "in leases of at least 8")
  await stack.stop()
  const again = { stack: await openCluster(stack.cluster), as }
  assert.equal(await indexOf(again), next)
  await again.stack.stop()
  await stack.cluster.remove()
})

test("a used up key says so, verifies on, and rotates into a new one", async () => {
  const here = await world("LMS_SHA256_H5")
  const { stack, as } = here
  const { signature } = await sign(stack.ports, as("user"), { key, message })
  const rest = await Promise.all(Array.from({ length: 30 }, () => indexOf(here)))
  assert.equal(new Set(rest).size, 30)
  await assert.rejects(indexOf(here), { code: "KEY_EXHAUSTED" })
  assert.ok((await verify(stack.ports, as("user"), { key, message, signature })).valid)
  await rotateKey(stack.ports, as("manager"), { key })
  assert.equal(await indexOf(here), 1)
  assert.ok((await verify(stack.ports, as("user"), { key, message, signature })).valid)
  await stack.stop()
  await stack.cluster.remove()
})

test("a store without the node's memory of it signs no more until an officer says", async () => {
  const here = await world("LMS_SHA256_H5")
  const { stack, as } = here
  assert.equal(await indexOf(here), 1)
  await stack.stop({ anchored: true })
  await rm(join(stack.cluster.folder, "indexes"))
  const again = { stack: await openCluster(stack.cluster), as }
  const { ports } = again.stack
  await assert.rejects(indexOf(again), { code: "KEY_STATE" })
  const forward = (index: number, who: "officer" | "manager" = "officer") =>
    fastForwardKey(ports, as(who), { key, index })
  await assert.rejects(forward(9, "manager"), { code: "OPERATION_FORBIDDEN" })
  for (const index of [1, 33]) await assert.rejects(forward(index), { code: "MALFORMED_REQUEST" })
  await forward(9)
  assert.equal(await indexOf(again), 9)
  await forward(20)
  assert.equal(await indexOf(again), 20, "what was reserved before is forgotten")
  await forward(32)
  await assert.rejects(indexOf(again), { code: "KEY_EXHAUSTED" })
  await again.stack.stop()
  await stack.cluster.remove()
})

test("a store that is put back, with its anchor, signs no more until an officer says", async () => {
  const here = await world("LMS_SHA256_H5")
  const { stack, as } = here
  const { folder } = stack.cluster
  await stack.stop({ anchored: true })
  const past = await copyCluster(stack.cluster)
  const before = await openCluster(stack.cluster)
  assert.equal(await indexOf({ stack: before, as }), 1)
  await before.stop() // Not anchored: what was reserved is remembered without the schedule.
  for (const name of ["store.db", "anchor"]) await cp(join(past.folder, name), join(folder, name))
  for (const name of ["store.db-wal", "store.db-shm"]) await rm(join(folder, name), { force: true })
  const behind = { stack: await openCluster(stack.cluster), as }
  await assert.rejects(indexOf(behind), { code: "KEY_STATE" })
  await fastForwardKey(behind.stack.ports, as("officer"), { key, index: 2 })
  assert.equal(await indexOf(behind), 2)
  await behind.stack.stop()
  const again = { stack: await openCluster(stack.cluster), as }
  assert.equal(await indexOf(again), 3)
  await again.stack.stop()
  await past.remove()
  await stack.cluster.remove()
})

test("public keys, other keys and failed commits reserve nothing", async () => {
  const here = await world("LMS_SHA256_H5")
  const { stack, as } = here
  const { ports } = stack
  const { publicKey: material } = await publicKey(ports, as("user"), { key })
  const taken = { name: "theirs", algorithm: "LMS_SHA256_H5", format: "spki", material } as const
  await importKey(ports, as("manager"), taken)
  await assert.rejects(fastForwardKey(ports, as("officer"), { key: "theirs", index: 3 }), {
    code: "OPERATION_FORBIDDEN",
  })
  await createKey(ports, as("manager"), { name: "other", algorithm: "EC_P256" })
  await assert.rejects(fastForwardKey(ports, as("officer"), { key: "other", index: 3 }), {
    code: "OPERATION_FORBIDDEN",
  })
  const template = { name: "leaves", algorithm: "LMS_SHA256_H5", extractable: true } as const
  await assert.rejects(createKey(ports, as("manager"), template), { code: "MALFORMED_REQUEST" })
  assert.equal(await reserved(here), 1)
  await stack.stop()
  await stack.cluster.remove()
})
