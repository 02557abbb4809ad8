/** Uses that share a decision and a record: the same results and refusals as one by one. */

import assert from "node:assert/strict"
import { verify } from "node:crypto"
import { test } from "node:test"

import { Failed } from "../../src/domain/outcome.ts"
import type { KeyUsage } from "../../src/domain/usages.ts"
import { clusterPartition } from "../../src/domain/ids.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { updateQuota } from "../../src/service/partition.ts"
import { publicKey } from "../../src/service/read-key.ts"
import { disableKey } from "../../src/service/update-key.ts"
import {
  joinAlike,
  useAlike,
  type AlikeService,
  type AlikeUses,
  type Asked,
} from "../../src/service/use-alike.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { contextOf, memoryStack } from "../support/stack.ts"

const messages = Array.from({ length: 300 }, (_, index) => Buffer.from(`message ${index}`))

async function withKey(
  algorithm: "AES_256" | "EC_P256" | "RSA_2048" | "HMAC_SHA_256",
  usages?: readonly KeyUsage[],
) {
  const { stack, partition, as } = await memoryStack()
  const key = await createKey(stack.ports, as("manager"), { name: "key", algorithm, usages })
  const part = (index: number): Context => ({
    ...contextOf("user", partition, `request.${index}`),
    within: "request",
  })
  const requestIdOf = (index: number): string => part(index).requestId
  const uses = (service: AlikeService, commands: readonly object[]): AlikeUses => {
    return { service, commands, context: part(0), requestIdOf }
  }
  return { stack, partition, as, key, part, uses, ports: stack.ports }
}

/** The outcomes' results; fails when there is an error among them. */
function results<R>(outcomes: Awaited<ReturnType<typeof useAlike>>): R[] {
  assert.ok(outcomes !== undefined)
  return outcomes.map((one) => {
    if (one instanceof Failed) throw one.error
    return one as R // What the service of the test answers.
  })
}

const mechanisms = ["XAES_256_GCM", "AES_GCM", "AES_GCM_SIV"] as const
for (const mechanism of mechanisms) {
  test(`what ${mechanism} encrypts together opens by itself, and is bound to its aad`, async () => {
    const { stack, ports, part, uses } = await withKey("AES_256")
    const commands = messages.map((plaintext, index) => ({
      key: "key",
      mechanism,
      plaintext,
      aad: index % 3 === 0 ? undefined : Buffer.from(`aad ${index}`),
    }))
    const sealed = results<{ ciphertext: Uint8Array }>(
      await useAlike(ports, uses("encrypt", commands)),
    )
    assert.equal(new Set(sealed.map(({ ciphertext }) => ciphertext.toHex())).size, 300)
    for (const [index, { ciphertext }] of sealed.entries()) {
      const { plaintext, aad } = commands[index] ?? assert.fail()
      const opened = await decrypt(ports, part(index), { ciphertext, aad })
      assert.deepEqual(Buffer.from(opened.plaintext), plaintext)
      const other = { ciphertext, aad: Buffer.from("another") }
      await assert.rejects(decrypt(ports, part(index), other), { code: "DECRYPTION_FAILED" })
    }
    await stack.cluster.remove()
  })
}

test("one record counts them all, under the request that they are parts of", async () => {
  const { stack, ports, uses, key } = await withKey("AES_256")
  const commands = messages.map((plaintext) => ({ key: key.id, plaintext }))
  await useAlike(ports, uses("encrypt", commands))
  const [event, ...more] = stack.audit.of("key.encrypt")
  assert.deepEqual(more, [])
  assert.deepEqual(
    [event?.count, event?.requestId, event?.keyId, event?.keyVersion, event?.mechanism],
    [300, "request", key.id, 1, "XAES_256_GCM"],
  )
  await stack.cluster.remove()
})

test("of ciphertexts opened together a flipped bit fails one, which is recorded", async () => {
  const { stack, ports, part, uses } = await withKey("AES_256")
  const commands = await Promise.all(
    messages.slice(0, 20).map(async (plaintext, index) => {
      const { ciphertext } = await encrypt(ports, part(index), { key: "key", plaintext })
      return { ciphertext: Buffer.from(ciphertext) }
    }),
  )
  const { ciphertext } = commands[7] ?? assert.fail()
  ciphertext[ciphertext.length - 1] = (ciphertext.at(-1) ?? 0) ^ 1
  const outcomes = (await useAlike(ports, uses("decrypt", commands))) ?? []
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome instanceof Failed) {
      assert.equal(index, 7)
      assert.equal((outcome.error as { code?: string }).code, "DECRYPTION_FAILED")
    } else {
      const { plaintext } = outcome as { plaintext: Uint8Array }
      assert.deepEqual(Buffer.from(plaintext), messages[index])
    }
  }
  assert.equal(stack.audit.of("key.decrypt")[0]?.count, 20)
  const failed = stack.audit.of("key.decrypt", "failed")
  assert.deepEqual(
    failed.map(({ requestId, code }) => [requestId, code]),
    [["request.7", "DECRYPTION_FAILED"]],
  )
  await stack.cluster.remove()
})

test("raw ciphertexts open together, under their own IVs; a flipped one fails alone", async () => {
  for (const [algorithm, mechanism] of [
    ["RSA_2048", "RSA_OAEP_SHA_256"],
    ["AES_256", "AES_GCM"],
  ] as const) {
    const { stack, ports, part, uses } = await withKey(algorithm, ["encrypt", "decrypt"])
    const some = messages.slice(0, 10)
    const commands = await Promise.all(
      some.map(async (plaintext, index) => {
        const command = { key: "key", plaintext, mechanism, raw: true }
        const { ciphertext, iv } = await encrypt(ports, part(index), command)
        return { ciphertext: Buffer.from(ciphertext), raw: { key: "key", mechanism, iv } }
      }),
    )
    const { ciphertext } = commands[7] ?? assert.fail()
    ciphertext[0] = (ciphertext[0] ?? 0) ^ 1
    const outcomes = (await useAlike(ports, uses("decrypt", commands))) ?? []
    assert.equal(outcomes.length, 10)
    for (const [index, outcome] of outcomes.entries()) {
      if (index === 7) {
        assert.ok(outcome instanceof Failed)
        assert.equal((outcome.error as { code?: string }).code, "DECRYPTION_FAILED")
      } else {
        const { plaintext } = outcome as { plaintext: Uint8Array }
        assert.deepEqual(Buffer.from(plaintext), some[index])
      }
    }
    assert.deepEqual(
      stack.audit.of("key.decrypt").map(({ count }) => count),
      [10],
    )
    await stack.cluster.remove()
  }
})

test("raw ciphertexts join those of the same key, version and mechanism alone", () => {
  const raw = (more: object) => ({
    service: "decrypt" as const,
    command: {
      ciphertext: messages[0],
      raw: { key: "key", mechanism: "AES_GCM", iv: messages[1], ...more },
    },
  })
  const groups: { readonly asked: Asked | undefined }[][] = []
  for (const more of [
    {},
    { iv: messages[2] },
    { key: "other" },
    { mechanism: "AES_CCM" },
    { version: 2 },
  ]) {
    joinAlike(groups, { asked: raw(more) })
  }
  joinAlike(groups, { asked: { service: "decrypt", command: { ciphertext: messages[0] } } })
  assert.deepEqual(
    groups.map((group) => group.length),
    [2, 1, 1, 1, 1],
  )
})

for (const algorithm of ["EC_P256", "RSA_2048"] as const) {
  test(`what ${algorithm} signs together another implementation verifies`, async () => {
    const { stack, ports, part, uses } = await withKey(algorithm)
    const half = await publicKey(ports, part(0), { key: "key" })
    const spki = { key: Buffer.from(half.publicKey), format: "der", type: "spki" } as const
    const some = messages.slice(0, 10)
    const commands = some.map((message) => ({
      key: "key",
      message,
      ...(algorithm === "RSA_2048" ? { mechanism: "RSA_PKCS1_SHA_256" } : {}),
    }))
    const made = results<{ signature: Uint8Array }>(await useAlike(ports, uses("sign", commands)))
    for (const [index, { signature }] of made.entries()) {
      assert.ok(verify("sha256", some[index] ?? assert.fail(), spki, signature))
      assert.ok(!verify("sha256", Buffer.from("other"), spki, signature))
    }
    assert.equal(stack.audit.of("key.sign")[0]?.count, 10)
    await stack.cluster.remove()
  })
}

test("what is refused, dry or beyond the budget goes one by one, and leaves no trace", async () => {
  const { stack, ports, as, partition, part, uses } = await withKey("AES_256")
  const commands = messages.slice(0, 5).map((plaintext) => ({ key: "key", plaintext }))
  const encryptions = uses("encrypt", commands)
  const before = stack.audit.events.length
  const absent = commands.map((command) => ({ ...command, key: "absent" }))
  assert.equal(await useAlike(ports, uses("encrypt", absent)), undefined)
  const officer = { ...part(0), caller: as("officer").caller }
  assert.equal(await useAlike(ports, { ...encryptions, context: officer }), undefined)
  const dry = { ...part(0), dryRun: true }
  assert.equal(await useAlike(ports, { ...encryptions, context: dry }), undefined)
  assert.equal(await useAlike(ports, uses("decrypt", [{ ciphertext: messages[0] }])), undefined)
  assert.equal(stack.audit.events.length, before)
  const operator = contextOf("operator", clusterPartition)
  await updateQuota(ports, operator, { partition, quota: { operationsPerSecond: 4 } })
  stack.clock.advance(1_000)
  assert.equal(await useAlike(ports, encryptions), undefined)
  const [command = assert.fail()] = commands
  for (let left = 4; left > 0; left--) await encrypt(ports, part(0), command)
  await assert.rejects(encrypt(ports, part(0), command), { code: "RATE_LIMITED" })
  assert.equal(stack.audit.of("key.encrypt").filter(({ count }) => count === 5).length, 0)
  await stack.cluster.remove()
})

test("a key with rules is asked for one by one: leave is for one message alone", async () => {
  const { stack, ports, as, uses } = await withKey("EC_P256")
  const rules = { use: quorumOf(1, [newApprover("Anna")]) }
  await createKey(ports, as("manager"), { name: "ruled", algorithm: "EC_P256", rules })
  const commands = messages.slice(0, 3).map((message) => ({ key: "ruled", message }))
  assert.equal(await useAlike(ports, uses("sign", commands)), undefined)
  assert.deepEqual(stack.audit.of("key.sign"), [])
  await stack.cluster.remove()
})

test("no result leaves after the key was disabled: what waits is refused, one by one", async () => {
  const { stack, ports, as, uses } = await withKey("RSA_2048")
  const commands = messages.map((message) => ({ key: "key", message }))
  const made = useAlike(ports, uses("sign", commands))
  let ended = false
  void made.then(() => (ended = true))
  await disableKey(ports, as("manager"), { key: "key" })
  assert.ok(ended, "the change waited for them")
  const refused = (await made)?.filter((one) => one instanceof Failed) ?? []
  assert.ok(refused.length > 0 && refused.length < commands.length)
  for (const { error } of refused) assert.equal((error as { code?: string }).code, "KEY_STATE")
  assert.equal(stack.audit.of("key.sign", "failed").length, refused.length)
  assert.equal(await useAlike(ports, uses("sign", commands)), undefined)
  await stack.cluster.remove()
})

test("a log that cannot be written refuses them all before any key is opened", async () => {
  const { stack, ports, uses } = await withKey("HMAC_SHA_256")
  const commands = messages.map((message) => ({ key: "key", message }))
  stack.audit.refuse = new Error("full")
  await assert.rejects(useAlike(ports, uses("mac", commands)), { message: "full" })
  assert.equal(ports.keys.size, 0)
  await stack.cluster.remove()
})

test("only those join a group that ask the same, and a batch of many kinds stays quick", () => {
  const groups: { asked: Asked | undefined; at: number }[][] = []
  const ask = (service: AlikeService, command: object): void =>
    joinAlike(groups, { asked: { service, command }, at: groups.flat().length })
  const message = Buffer.from("m")
  ask("sign", { key: "a", message })
  ask("sign", { key: "a", message: Buffer.from("n") })
  ask("sign", { key: "b", message })
  ask("mac", { key: "a", message })
  ask("sign", { key: "a", message, encoding: "raw" })
  ask("encrypt", { key: "a", plaintext: message, raw: true })
  ask("encrypt", { key: "a", plaintext: message, raw: true })
  ask("sign", { key: "a", message })
  joinAlike(groups, { asked: undefined, at: 8 })
  joinAlike(groups, { asked: undefined, at: 9 })
  const places = groups.map((group) => group.map(({ at }) => at))
  assert.deepEqual(places, [[0, 1, 7], [2], [3], [4], [5], [6], [8], [9]])
})
