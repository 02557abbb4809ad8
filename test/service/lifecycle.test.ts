import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { createKey } from "../../src/service/create-key.ts"
import { cancelDeletion, deleteKey, purgeKey, restoreKey } from "../../src/service/delete-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { maintain } from "../../src/service/maintain.ts"
import { updatePartition } from "../../src/service/partition.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { sign } from "../../src/service/sign.ts"
import { disableKey, enableKey, updateKey } from "../../src/service/update-key.ts"
import { HsmError } from "../../src/domain/errors.ts"
import { memoryStack } from "../support/stack.ts"

const fixture = await memoryStack()
const { stack, as } = fixture
const { ports, clock, audit } = stack
const manager = as("manager")
const user = as("user")
const officer = as("officer")
const message = Buffer.from("message")

before(() => assert.equal(ports.keys.size, 0))
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

const create = (name: string, more: object = {}) =>
  createKey(ports, manager, { name, algorithm: "AES_256", ...more })
const seal = (key: string) => encrypt(ports, user, { key, plaintext: message })
const open = (ciphertext: Uint8Array) => decrypt(ports, user, { ciphertext })
const stateOf = async (key: string) => (await describeKey(ports, officer, { key })).state

for (const [what, end] of [
  ["deletion", (key: string) => deleteKey(ports, manager, { key, windowMs: 0 })],
  ["disabling", (key: string) => disableKey(ports, manager, { key })],
] as const) {
  test(`${what} is acknowledged when what runs has ended and what waits is refused`, async () => {
    const { id } = await createKey(ports, manager, { name: `rsa-${what}`, algorithm: "RSA_4096" })
    const order: string[] = []
    const signing = Array.from({ length: 6 }, async () => {
      try {
        await sign(ports, user, { key: id, message })
        order.push("signature")
      } catch (error) {
        order.push(error instanceof HsmError ? error.code : String(error))
      }
    })
    await new Promise((resolve) => setImmediate(resolve))
    await end(id)
    order.push("acknowledged")
    await assert.rejects(sign(ports, user, { key: id, message }), { code: "KEY_STATE" })
    await Promise.all(signing)
    assert.deepEqual(order.indexOf("acknowledged"), 6)
    const told = order.slice(0, 6)
    const made = told.filter((one) => one === "signature").length
    assert.ok(made >= limits.slowJobsAtOnce, "what had begun has ended")
    assert.equal(told.filter((one) => one === "KEY_STATE").length, 6 - made)
  })
}

test("a disabled key is refused by the next request, and works again once enabled", async () => {
  await create("switch")
  const { ciphertext } = await seal("switch")
  await disableKey(ports, manager, { key: "switch" })
  await assert.rejects(seal("switch"), { code: "KEY_STATE" })
  await assert.rejects(open(ciphertext), { code: "KEY_STATE" })
  await enableKey(ports, manager, { key: "switch" })
  assert.deepEqual(Buffer.from((await open(ciphertext)).plaintext), message)
})

test("old versions decrypt until the minimum version passes them", async () => {
  await create("versions")
  const first = await seal("versions")
  await rotateKey(ports, manager, { key: "versions" })
  const second = await seal("versions")
  assert.deepEqual([first.version, second.version], [1, 2])
  assert.equal((await open(first.ciphertext)).version, 1)
  await updateKey(ports, manager, { key: "versions", minVersion: 2 })
  await assert.rejects(open(first.ciphertext), { code: "DECRYPTION_FAILED" })
  assert.equal((await open(second.ciphertext)).version, 2)
  const tooHigh = updateKey(ports, manager, { key: "versions", minVersion: 3 })
  await assert.rejects(tooHigh, { code: "MALFORMED_REQUEST" })
})

test("a key in its waiting window comes back as it was, or ends when it has passed", async () => {
  const { id } = await create("waiting")
  const { ciphertext } = await seal(id)
  await deleteKey(ports, manager, { key: id, windowMs: 1_000 })
  await assert.rejects(open(ciphertext), { code: "KEY_STATE" })
  await maintain(ports)
  assert.equal(await stateOf(id), "deleting")
  await cancelDeletion(ports, manager, { key: id })
  assert.equal((await open(ciphertext)).version, 1)
  clock.advance(2_000)
  await maintain(ports)
  assert.equal(await stateOf(id), "active", "the window that was cancelled does not end")
  await deleteKey(ports, manager, { key: id, windowMs: 1_000 })
  clock.advance(999)
  await maintain(ports)
  assert.equal(await stateOf(id), "deleting")
  clock.advance(1)
  await maintain(ports)
  assert.equal(await stateOf(id), "destroyed")
  assert.equal(audit.of("system.key-destroyed", "done").at(-1)?.keyId, id)
  assert.equal(await maintain(ports), 0, "nothing is left to be looked at")
})

test("invalidated keys leave the bin by an officer's hand alone", async () => {
  await create("binned")
  const { ciphertext } = await seal("binned")
  await updatePartition(ports, officer, { flags: { invalidation: true } })
  const binned = await deleteKey(ports, manager, { key: "binned", windowMs: 0 })
  assert.equal(binned.state, "invalidated")
  await assert.rejects(open(ciphertext), { code: "KEY_STATE" })
  for (const leave of [restoreKey, purgeKey]) {
    await assert.rejects(leave(ports, manager, { key: "binned" }), { code: "OPERATION_FORBIDDEN" })
  }
  await restoreKey(ports, officer, { key: "binned" })
  assert.equal((await open(ciphertext)).version, 1)
  await deleteKey(ports, manager, { key: "binned" })
  await purgeKey(ports, officer, { key: "binned" })
  assert.equal(await stateOf(binned.id), "destroyed")
  await updatePartition(ports, officer, { flags: { invalidation: false } })
})

test("a key rotates by itself when its time has come, and not before", async () => {
  const period = limits.rotationPeriodMinMs
  const { id } = await create("scheduled", { rotationPeriodMs: period })
  clock.advance(period - 1)
  await maintain(ports)
  assert.equal((await seal(id)).version, 1)
  clock.advance(1)
  await maintain(ports)
  assert.equal((await seal(id)).version, 2)
  assert.equal(audit.of("system.key-rotated", "done").at(-1)?.keyId, id)
  await maintain(ports)
  assert.equal((await seal(id)).version, 2)
  clock.advance(period)
  await maintain(ports)
  assert.equal((await seal(id)).version, 3)
})

test("a destroyed key that had a schedule leaves no appointment behind", async () => {
  const rotationPeriodMs = limits.rotationPeriodMinMs
  const { id } = await create("both", { rotationPeriodMs })
  await deleteKey(ports, manager, { key: id, windowMs: 1_000 })
  clock.advance(1_000)
  await maintain(ports)
  assert.equal(await stateOf(id), "destroyed")
  clock.advance(2 * rotationPeriodMs)
  await maintain(ports)
  assert.equal(await maintain(ports), 0)
})

test("an operation that the log refuses is refused, and its key is not opened", async () => {
  const { id } = await create("unlogged")
  const { revision } = await describeKey(ports, officer, { key: id })
  const opened = ports.keys.size
  const name = "never-made"
  audit.refuse = new HsmError("AUDIT_UNAVAILABLE", "the disk is full")
  await Promise.all(
    [
      seal(id),
      rotateKey(ports, manager, { key: id }),
      create(name),
      deleteKey(ports, manager, { key: id, windowMs: 0 }),
    ].map((one) => assert.rejects(one, { code: "AUDIT_UNAVAILABLE" })),
  )
  assert.equal(ports.keys.size, opened)
  audit.refuse = undefined
  assert.equal((await describeKey(ports, officer, { key: id })).revision, revision)
  await assert.rejects(describeKey(ports, officer, { key: name }), { code: "KEY_NOT_FOUND" })
  assert.equal((await seal(id)).version, 1)
})

test("every act leaves a record: allowed before, done after, denied, failed", async () => {
  const from = audit.events.length
  const { id } = await create("recorded")
  await seal(id)
  await assert.rejects(encrypt(ports, manager, { key: id, plaintext: message }))
  const { ciphertext } = await seal(id)
  const broken = Buffer.from(ciphertext)
  broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1)
  await assert.rejects(open(broken), { code: "DECRYPTION_FAILED" })
  const told = audit.events.slice(from).map(({ act, outcome, code }) => [act, outcome, code])
  assert.deepEqual(told, [
    ["key.create", "allowed", undefined],
    ["key.create", "done", undefined],
    ["key.encrypt", "allowed", undefined],
    ["key.encrypt", "denied", "OPERATION_FORBIDDEN"],
    ["key.encrypt", "allowed", undefined],
    ["key.decrypt", "allowed", undefined],
    ["key.decrypt", "failed", "DECRYPTION_FAILED"],
  ])
  const done = audit.of("key.create", "done").at(-1)
  assert.match(done?.writes?.[0]?.hash ?? "", /^[0-9a-f]{64}$/)
  assert.ok((done?.storeRev ?? 0) > 0)
})
