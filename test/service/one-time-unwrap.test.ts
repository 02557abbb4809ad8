/** Keys that unwrap once: however many calls, clocks and restarts there are, one key comes in. */
import assert from "node:assert/strict"
import { createCipheriv, createPublicKey, encapsulate } from "node:crypto"
import { after, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey, deletionReceipt, restoreKey } from "../../src/service/delete-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { updatePartition } from "../../src/service/partition.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { unwrapKey } from "../../src/service/unwrap-key.ts"
import { disableKey } from "../../src/service/update-key.ts"
import { memoryStack } from "../support/stack.ts"

const { stack, as, partition } = await memoryStack()
const { ports, clock, audit } = stack
const manager = as("manager")
const officer = as("officer")
const hour = 3_600_000
const secret = new Uint8Array(32).fill(7)
let count = 0

await updatePartition(ports, officer, { flags: { keyImport: true } })
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

const freshName = () => `key-${count++}`
const stateOf = async (key: string) => (await describeKey(ports, officer, { key })).state
const keyCount = () => ports.records.keyCount(partition)

const importer = (more: object = {}): Promise<KeyRecord> =>
  createKey(ports, manager, {
    name: freshName(),
    algorithm: "ML_KEM_768",
    usages: ["unwrap"],
    unwraps: { algorithms: ["HMAC_SHA_256"], onceWithinMs: hour },
    ...more,
  })

/** As somebody outside does it, with the public half alone. */
function wrapUnder({ versions: [version] }: KeyRecord): Uint8Array {
  assert.ok(version?.publicKey)
  const spki = { key: Buffer.from(version.publicKey), format: "der", type: "spki" } as const
  const { sharedKey, ciphertext } = encapsulate(createPublicKey(spki))
  const iv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)
  const cipher = createCipheriv("id-aes256-wrap-pad", sharedKey, iv)
  return Buffer.concat([ciphertext, cipher.update(secret), cipher.final()])
}

const unwrap = (by: KeyRecord, wrapped: Uint8Array, more: object = {}): Promise<KeyRecord> =>
  unwrapKey(ports, manager, {
    unwrappingKey: by.id,
    name: freshName(),
    algorithm: "HMAC_SHA_256",
    wrapped,
    ...more,
  })

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return "done"
  } catch (error) {
    return error instanceof HsmError ? error.code : String(error)
  }
}

test("one key comes in, and the unwrapping key is destroyed with the same commit", async () => {
  const by = await importer()
  const before = await keyCount()
  const wrapped = wrapUnder(by)
  const rev = await ports.records.store.barrier()
  const made = await unwrap(by, wrapped)
  assert.equal(await ports.records.store.barrier(), rev + 1, "one commit")
  assert.equal(made.versions[0]?.origin, "unwrapped")
  assert.equal(await stateOf(by.id), "destroyed")
  assert.equal(await keyCount(), before)
  assert.equal(await codeOf(unwrap(by, wrapped)), "KEY_STATE")
  const receipt = await deletionReceipt(ports, officer, { key: by.id })
  assert.equal(receipt.keyId, by.id)
  clock.advance(hour)
  assert.equal(await maintain(ports), 0, "its appointment went with it")
})

test("of many calls at the same moment one brings a key in", async () => {
  const by = await importer()
  const wrapped = wrapUnder(by)
  const before = await keyCount()
  const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(unwrap(by, wrapped))))
  assert.equal(codes.filter((code) => code === "done").length, 1, codes.join())
  assert.ok(
    codes.every((code) => ["done", "CONFLICT", "KEY_STATE"].includes(code)),
    codes.join(),
  )
  assert.equal(await keyCount(), before)
})

test("what does not unwrap leaves the key as it was", async () => {
  const by = await importer()
  const wrapped = wrapUnder(by)
  assert.equal(await codeOf(unwrap(by, wrapped.subarray(8))), "DECRYPTION_FAILED")
  assert.equal(await codeOf(unwrap(by, wrapped, { algorithm: "AES_256" })), "OPERATION_FORBIDDEN")
  const { name } = await importer()
  assert.equal(await codeOf(unwrap(by, wrapped, { name })), "NAME_TAKEN")
  assert.equal(await stateOf(by.id), "active")
  assert.equal(await codeOf(unwrap(by, wrapped)), "done")
})

test("unused, it is destroyed when its time is over, and refused before that is done", async () => {
  const by = await importer()
  const idle = await importer()
  await disableKey(ports, manager, { key: idle.id })
  const wrapped = wrapUnder(by)
  clock.advance(hour - 1)
  await maintain(ports)
  assert.equal(await stateOf(by.id), "active")
  clock.advance(1)
  assert.equal(await codeOf(unwrap(by, wrapped)), "OPERATION_FORBIDDEN")
  await maintain(ports)
  assert.equal(await stateOf(by.id), "destroyed")
  assert.equal(await stateOf(idle.id), "destroyed", "a disabled one as well")
  const destroyed = audit.of("system.key-destroyed", "done").map(({ keyId }) => keyId)
  assert.ok(destroyed.includes(by.id) && destroyed.includes(idle.id))
  assert.equal(await maintain(ports), 0)
})

test("in the partition's bin its time goes on; out of it, it still unwraps once", async () => {
  await updatePartition(ports, officer, { flags: { invalidation: true } })
  const by = await importer()
  const late = await importer()
  const wrapped = wrapUnder(by)
  for (const { id } of [by, late]) await deleteKey(ports, manager, { key: id })
  assert.equal(await codeOf(unwrap(by, wrapped)), "KEY_STATE")
  await restoreKey(ports, officer, { key: by.id })
  assert.equal(await codeOf(unwrap(by, wrapped)), "done")
  assert.equal(await stateOf(by.id), "destroyed", "not in the bin, from where it could come back")
  clock.advance(hour)
  await maintain(ports)
  assert.equal(await stateOf(late.id), "destroyed")
  await updatePartition(ports, officer, { flags: { invalidation: false } })
})

test("it does nothing else, and can always be destroyed", async () => {
  const unwraps = { onceWithinMs: hour }
  for (const more of [
    { algorithm: "AES_256", usages: ["wrap", "unwrap"] },
    { algorithm: "RSA_2048", usages: ["decrypt", "unwrap"] },
    { destroyable: false },
  ]) {
    assert.equal(await codeOf(importer({ unwraps, ...more })), "MALFORMED_REQUEST")
  }
})
