/** Requests of one turn that ask alike: one decision, one record that names them all. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import type { Caller } from "../../src/domain/principal.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import * as together from "../../src/service/use-together.ts"
import { disableKey } from "../../src/service/update-key.ts"
import { decrypt, encrypt, mac, sign } from "../../src/service/use-together.ts"
import { contextOf, memoryStack } from "../support/stack.ts"

const plaintext = Buffer.from("message")

async function withKey(algorithm: "AES_256" | "EC_P256" | "HMAC_SHA_256" = "AES_256") {
  const { stack, partition, as } = await memoryStack()
  const key = await createKey(stack.ports, as("manager"), { name: "key", algorithm })
  const { caller } = contextOf("user", partition, "one")
  const ask = (requestId: string, by: Caller = caller): Context => ({ caller: by, requestId })
  return { stack, ports: stack.ports, key, caller, ask, as }
}

test("encryptions of one turn share a record that names their requests", async () => {
  const { stack, ports, ask } = await withKey()
  const ids = ["a", "b", "c"]
  const sealed = await Promise.all(
    ids.map((id) => encrypt(ports, ask(id), { key: "key", plaintext: Buffer.from(id) })),
  )
  const [event, ...more] = stack.audit.of("key.encrypt")
  assert.deepEqual(more, [])
  assert.deepEqual([event?.requestId, event?.requestIds, event?.count], ["a", ids, 3])
  for (const [at, { ciphertext }] of sealed.entries()) {
    const opened = await decrypt(ports, ask(`open ${at}`), { ciphertext })
    assert.equal(Buffer.from(opened.plaintext).toString(), ids[at])
  }
  const opening = stack.audit.of("key.decrypt")
  assert.deepEqual(
    opening.map(({ requestId, requestIds, count }) => [requestId, requestIds, count]),
    ids.map((_, at) => [`open ${at}`, undefined, undefined]),
    "who is alone in his turn has a record of his own, as ever",
  )
  await stack.cluster.remove()
})

test("one turn after the other is not the same moment", async () => {
  const { stack, ports, ask } = await withKey()
  await encrypt(ports, ask("a"), { key: "key", plaintext })
  await encrypt(ports, ask("b"), { key: "key", plaintext })
  assert.equal(stack.audit.of("key.encrypt").length, 2)
  await stack.cluster.remove()
})

test("another caller, key, service or mechanism keeps its own record", async () => {
  const { stack, ports, ask, caller, as } = await withKey()
  await createKey(ports, as("manager"), { name: "other", algorithm: "AES_256" })
  await Promise.all([
    encrypt(ports, ask("a"), { key: "key", plaintext }),
    encrypt(ports, ask("b", { ...caller, address: "192.0.2.7" }), { key: "key", plaintext }),
    encrypt(ports, ask("c"), { key: "other", plaintext }),
    encrypt(ports, ask("d"), { key: "key", plaintext, mechanism: "AES_GCM" }),
    encrypt(ports, { ...ask("e"), within: "batch" }, { key: "key", plaintext }),
  ])
  const records = stack.audit.of("key.encrypt")
  assert.equal(records.length, 5)
  assert.ok(records.every(({ requestIds }) => requestIds === undefined))
  await stack.cluster.remove()
})

test("of ciphertexts opened in one turn a flipped bit fails one, under its request", async () => {
  const { stack, ports, ask } = await withKey()
  const ids = ["a", "b", "c"]
  const { ciphertext } = await encrypt(ports, ask("seal"), { key: "key", plaintext })
  const flipped = Buffer.from(ciphertext)
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
  const opened = await Promise.allSettled(
    ids.map((id) =>
      decrypt(ports, ask(id), { ciphertext: id === "b" ? flipped : Buffer.from(ciphertext) }),
    ),
  )
  assert.deepEqual(
    opened.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  )
  const failed = stack.audit.of("key.decrypt", "failed")
  assert.deepEqual(
    failed.map(({ requestId, requestIds, code }) => [requestId, requestIds, code]),
    [["b", undefined, "DECRYPTION_FAILED"]],
  )
  await stack.cluster.remove()
})

test("what a turn asks of a disabled key is refused, each by itself", async () => {
  const { stack, ports, ask, as } = await withKey()
  await disableKey(ports, as("manager"), { key: "key" })
  const ids = ["a", "b"]
  const asked = await Promise.allSettled(
    ids.map((id) => encrypt(ports, ask(id), { key: "key", plaintext })),
  )
  for (const one of asked) {
    assert.ok(one.status === "rejected")
    assert.equal((one.reason as { code?: string }).code, "KEY_STATE")
  }
  const denied = stack.audit.of("key.encrypt", "denied")
  assert.deepEqual(
    denied.map(({ requestId, requestIds }) => [requestId, requestIds]),
    [
      ["a", undefined],
      ["b", undefined],
    ],
  )
  await stack.cluster.remove()
})

test("a key that is disabled in the same turn serves nobody who is answered after it", async () => {
  const { stack, ports, ask, as } = await withKey()
  const ids = Array.from({ length: 20 }, (_, at) => `request ${at}`)
  let disabled = false
  const late: string[] = []
  const uses = ids.map(async (id) => {
    await encrypt(ports, ask(id), { key: "key", plaintext }).catch(() => undefined)
    if (disabled) late.push(id)
  })
  await disableKey(ports, as("manager"), { key: "key" }).then(() => (disabled = true))
  await Promise.all(uses)
  assert.deepEqual(late, [])
  await stack.cluster.remove()
})

test("signatures and codes go together as well", async () => {
  for (const [algorithm, run, act] of [
    ["EC_P256", sign, "key.sign"],
    ["HMAC_SHA_256", mac, "key.mac"],
  ] as const) {
    const { stack, ports, ask } = await withKey(algorithm)
    const message = plaintext
    await Promise.all(["a", "b"].map((id) => run(ports, ask(id), { key: "key", message })))
    assert.deepEqual(
      stack.audit.of(act).map(({ requestIds, count }) => [requestIds, count]),
      [[["a", "b"], 2]],
    )
    await stack.cluster.remove()
  }
})

test("a record names so many requests and no more", async () => {
  const { stack, ports, ask } = await withKey()
  const ids = Array.from({ length: limits.togetherMax + 2 }, (_, at) => `request ${at}`)
  await Promise.all(ids.map((id) => encrypt(ports, ask(id), { key: "key", plaintext })))
  const records = stack.audit.of("key.encrypt")
  assert.deepEqual(
    records.map(({ count }) => count),
    [limits.togetherMax, 2],
  )
  assert.deepEqual(
    records.flatMap(({ requestIds }) => requestIds),
    ids,
  )
  await stack.cluster.remove()
})

test("a log that cannot be written refuses all of a turn", async () => {
  const { stack, ports, ask } = await withKey()
  stack.audit.refuse = new Error("full")
  const asked = await Promise.allSettled(
    ["a", "b"].map((id) => encrypt(ports, ask(id), { key: "key", plaintext })),
  )
  for (const one of asked) {
    assert.ok(one.status === "rejected")
    assert.equal((one.reason as Error).message, "full")
  }
  await stack.cluster.remove()
})

test("keys that one turn asks for share a record, which names requests and keys", async () => {
  const { stack, ports, as } = await withKey()
  const { caller } = as("manager")
  const make = (requestId: string, name: string, idempotencyKey?: string) =>
    together.createKey(ports, { caller, requestId }, { name, algorithm: "AES_256", idempotencyKey })
  const begun = stack.audit.events.length
  const made = await Promise.allSettled([
    make("a", "first"),
    make("b", "key"),
    make("c", "third"),
    make("d", "fourth", "call"),
  ])
  const ids = made.map((one) => {
    return one.status === "fulfilled" ? one.value.id : (one.reason as { code: string }).code
  })
  assert.equal(ids[1], "NAME_TAKEN")
  const told = stack.audit.events.slice(begun).filter(({ requestId }) => requestId !== "d")
  assert.deepEqual(
    told.map(({ outcome, requestId, requestIds, count, keyIds, code }) => [
      outcome,
      requestId,
      requestIds,
      count,
      keyIds,
      code,
    ]),
    [
      ["allowed", "a", ["a", "b", "c"], 3, undefined, undefined],
      ["done", "a", ["a", "c"], 2, [ids[0], ids[2]], undefined],
      ["failed", "b", undefined, undefined, undefined, "NAME_TAKEN"],
    ],
  )
  const alone = stack.audit.of("key.create", "done").filter(({ requestId }) => requestId === "d")
  assert.deepEqual(
    alone.map(({ keyId, keyIds }) => [keyId, keyIds]),
    [[ids[3], undefined]],
  )
  await stack.cluster.remove()
})
