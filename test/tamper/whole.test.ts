import assert from "node:assert/strict"
import { copyFile, cp, rm } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { decrypt } from "../../src/service/encrypt.ts"
import { contextOf, copyCluster, openCluster, type Cluster } from "../support/stack.ts"
import { makeVictim, type Victim } from "./victim.ts"

let victim: Victim
before(async () => {
  victim = await makeVictim()
})
after(() => victim.remove())

/** Opens one ciphertext on what lies in a folder: its plaintext, or the code of the refusal. */
async function open(cluster: Cluster, name: keyof Victim["ciphertexts"]): Promise<string> {
  try {
    const stack = await openCluster(cluster)
    try {
      const ciphertext = victim.ciphertexts[name]
      const { plaintext } = await decrypt(stack.ports, contextOf("user", victim.a), { ciphertext })
      return Buffer.from(plaintext).toString()
    } finally {
      await stack.stop()
    }
  } catch (error) {
    assert.ok(error instanceof HsmError, String(error))
    return error.code
  }
}

/** A copy of the present, with some of its files from earlier. */
async function mixture(fromEarlier: readonly string[]): Promise<Cluster> {
  const copy = await copyCluster(victim.cluster)
  for (const name of fromEarlier) {
    await cp(join(victim.earlier.folder, name), join(copy.folder, name), { recursive: true })
  }
  return copy
}

test("the whole database rolled back is refused by the node's own anchor file", async () => {
  const copy = await mixture(["store.db"])
  assert.equal(await open(copy, "gone"), "TAMPERED")
  await copy.remove()
})

test("database and anchor file rolled back together are not noticed: no guarantee", async () => {
  const copy = await mixture(["store.db", "anchor"])
  assert.equal(await open(copy, "gone"), "gone")
  await copy.remove()
})

test("a missing anchor file is like one that was rolled back", async () => {
  const copy = await mixture(["store.db"])
  await rm(join(copy.folder, "anchor"))
  assert.equal(await open(copy, "gone"), "gone")
  await copy.remove()
})

test("a forged anchor file keeps the node from starting", async () => {
  const copy = await mixture([])
  await copyFile(join(copy.folder, "store.db"), join(copy.folder, "anchor"))
  assert.equal(await open(copy, "orders"), "STORE_UNAVAILABLE")
  await copyFile(join(copy.folder, "epochs", "1.root"), join(copy.folder, "anchor"))
  assert.equal(await open(copy, "orders"), "TAMPERED")
  await copy.remove()
})

test("before its root dies, an old database with the master keys opens a deleted key", async () => {
  const copy = await mixture(["store.db", "anchor"])
  assert.equal(await open(copy, "gone"), "gone")
  await copy.remove()
})

test("after shredding, an old database with all master keys opens no deleted key", async () => {
  const shredded = await copyCluster(victim.cluster)
  const stack = await openCluster(shredded)
  await stack.ports.node.rotateEpoch()
  await stack.stop({ anchored: true })
  assert.equal(await open(shredded, "orders"), "orders", "a key that lives still opens")
  // Everything the attacker may have: old database, old anchor, master key, and today's roots.
  for (const name of ["store.db", "anchor"]) {
    await copyFile(join(victim.earlier.folder, name), join(shredded.folder, name))
  }
  assert.equal(await open(shredded, "gone"), "TAMPERED")
  assert.equal(await open(shredded, "orders"), "TAMPERED", "nor any other from those tables")
  await shredded.remove()
})

test("after shredding, the old root alone would open it: its end is what counts", async () => {
  const shredded = await copyCluster(victim.cluster)
  const stack = await openCluster(shredded)
  await stack.ports.node.rotateEpoch()
  await stack.stop({ anchored: true })
  for (const name of ["store.db", "anchor", "epochs"]) {
    await rm(join(shredded.folder, name), { recursive: true })
    await cp(join(victim.earlier.folder, name), join(shredded.folder, name), { recursive: true })
  }
  assert.equal(await open(shredded, "gone"), "gone")
  await shredded.remove()
})
