/** Imported material below AWS's dialect: what the store holds, who may, and after a restart. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import type { KeyId } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { HsmError } from "../../src/domain/errors.ts"
import { currentVersion } from "../../src/domain/key.ts"
import { paths } from "../../src/records/kinds.ts"
import type { Context } from "../../src/service/commands.ts"
import { createExternalKey, createKey } from "../../src/service/create-key.ts"
import { encrypt, decrypt } from "../../src/service/encrypt.ts"
import { deleteMaterial } from "../../src/service/kms/delete-material.ts"
import { importMaterial, importParameters } from "../../src/service/kms/import-material.ts"
import { maintain } from "../../src/service/maintain.ts"
import { updatePartition } from "../../src/service/partition.ts"
import { describeKey, listKeys } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { unwrapKey } from "../../src/service/unwrap-key.ts"
import { updateKey } from "../../src/service/update-key.ts"
import { wrapMaterial } from "../support/aws-import.ts"
import {
  contextOf,
  foundCluster,
  memoryStack,
  newPartition,
  openCluster,
} from "../support/stack.ts"
import type { Ports } from "../../src/service/ports.ts"

const { stack, as, partition } = await memoryStack({ keyImport: true })
const { ports } = stack
const manager = as("manager")
const user = as("user")
const secret = new Uint8Array(32).fill(7)

after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

const external = (on: Ports = ports, by: Context = manager): Promise<KeyRecord> =>
  createExternalKey(on, by, { algorithm: "AES_256", kms: { region: "eu-central-1" } })

async function parametersFor(key: KeyId, on = ports, by = manager) {
  const mechanism = "RSA_OAEP_WRAP_SHA_256"
  const made = await importParameters(on, by, { key, algorithm: "RSA_2048", mechanism })
  const wrapped = wrapMaterial(made.publicKey, secret, "RSAES_OAEP_SHA_256")
  return { key, token: made.token, wrapped }
}

async function bring(key: KeyId, on = ports, by = manager): Promise<KeyRecord> {
  return (await importMaterial(on, by, await parametersFor(key, on, by))).key
}

const sealUnder = (key: KeyId) =>
  encrypt(ports, user, { key, plaintext: Buffer.from("x"), mechanism: "AES_GCM" })

async function failure(work: Promise<unknown>): Promise<HsmError> {
  const error = await work.then(
    () => assert.fail("it succeeded"),
    (one: unknown) => one,
  )
  assert.ok(error instanceof HsmError)
  return error
}

test("everybody is refused a key that waits, with one code", async () => {
  const key = await external()
  assert.deepEqual([key.state, key.versions], ["awaiting-material", []])
  const error = await failure(sealUnder(key.id))
  assert.deepEqual([error.code, error.detail.rule], ["KEY_STATE", "key-state"])
  const page = await listKeys(ports, manager, { state: "awaiting-material" })
  assert.ok(page.items.some(({ id }) => id === key.id))
})

test("deleted material is dead: its row, put back, does not open", async () => {
  const { id } = await external()
  const had = await bring(id)
  const path = paths.material(partition, id, 1)
  const rowOf = async () => (await ports.records.store.get([path])).entries[0]?.value
  const row = await rowOf()
  assert.ok(row !== undefined)
  const rev = await ports.records.store.barrier()
  await deleteMaterial(ports, manager, { key: id })
  assert.equal(await ports.records.store.barrier(), rev + 1, "one commit")
  assert.equal(await rowOf(), undefined)
  await ports.records.store.commit({ opId: "thief", when: [], then: [{ put: path, value: row }] })
  assert.equal((await failure(ports.keys.release(had, 1))).code, "TAMPERED")
  assert.equal((await failure(sealUnder(id))).code, "KEY_STATE")
  await bring(id)
  await sealUnder(id)
})

test("expired material is dead as well, and its handle closed", async () => {
  const { id } = await external()
  const parameters = await parametersFor(id)
  const hour = 3_600_000
  const validTo = ((stack.clock.now() as number) + hour) as KeyRecord["createdAt"]
  const { key: had } = await importMaterial(ports, manager, { ...parameters, validTo })
  await sealUnder(id)
  stack.clock.advance(hour)
  await maintain(ports)
  assert.equal((await failure(Promise.resolve(ports.keys.open(had, 1)))).code, "TAMPERED")
  const { state, versions } = await describeKey(ports, manager, { key: id })
  assert.deepEqual([state, versions[0]?.hasSecret], ["awaiting-material", false])
})

test("seals that were counted stay counted when the material comes back", async () => {
  const { id } = await external()
  await bring(id)
  await sealUnder(id)
  const leased = async () =>
    currentVersion(await describeKey(ports, manager, { key: id }))?.sealsLeased ?? 0
  const before = await leased()
  assert.ok(before > 0)
  await deleteMaterial(ports, manager, { key: id })
  await bring(id)
  assert.equal(await leased(), before)
})

test("the pair serves its key alone: it unwraps no new key", async () => {
  const { id } = await external()
  const { wrapped } = await parametersFor(id)
  const { items } = await listKeys(ports, manager, { algorithm: "RSA_2048" })
  const pair = items.find(({ unwraps }) => unwraps?.into === id)
  assert.ok(pair !== undefined)
  const command = { unwrappingKey: pair.id, name: "stolen", algorithm: "AES_256", wrapped } as const
  const error = await failure(
    unwrapKey(ports, manager, { ...command, mechanism: "RSA_OAEP_WRAP_SHA_256" }),
  )
  assert.deepEqual([error.code, error.detail.rule], ["OPERATION_FORBIDDEN", "template"])
})

test("an ordinary unwrapping key brings material into no key that is there", async () => {
  const { id } = await external()
  const ordinary = await createKey(ports, manager, {
    name: "ordinary",
    algorithm: "RSA_2048",
    usages: ["unwrap"],
  })
  const { token, ...rest } = await parametersFor(id)
  const [, , pair = ""] = Buffer.from(token).toString().split(".")
  const forged = Buffer.from(Buffer.from(token).toString().replace(pair, ordinary.id))
  const error = await failure(importMaterial(ports, manager, { ...rest, token: forged }))
  assert.deepEqual([error.code, error.detail.field], ["MALFORMED_REQUEST", "/importToken"])
})

test("a manager whose grants name the key alone brings its material; a user does not", async () => {
  const { id } = await external()
  const grants = [{ keyIds: [id], operations: ["key.import-parameters", "key.import-material"] }]
  const narrow = { ...manager, caller: { ...manager.caller, grants } } as Context
  await bring(id, ports, narrow)
  const other = await external()
  assert.equal((await failure(bring(other.id, ports, narrow))).detail.rule, "grant")
  assert.equal((await failure(bring(id, ports, user))).detail.rule, "role")
})

test("a partition that takes in no keys takes in no material", async () => {
  const { id } = await external()
  const parameters = await parametersFor(id)
  await updatePartition(ports, as("officer"), { flags: { keyImport: false } })
  const error = await failure(importMaterial(ports, manager, parameters))
  assert.equal(error.detail.rule, "flag")
  await updatePartition(ports, as("officer"), { flags: { keyImport: true } })
  await importMaterial(ports, manager, parameters)
})

test("in a full partition material still comes in: it is no key more", async () => {
  const home = await newPartition(stack, "full", {
    flags: { keyImport: true },
    quota: { keysMax: 2 },
  })
  const by = contextOf("manager", home)
  const { id } = await external(ports, by)
  const parameters = await parametersFor(id, ports, by)
  assert.equal((await failure(external(ports, by))).code, "QUOTA_EXCEEDED")
  await importMaterial(ports, by, parameters)
  assert.equal(await ports.records.keyCount(home), 1, "the pair has gone")
})

test("it rotates neither by the clock, nor by hand before other material is here", async () => {
  const { id } = await external()
  await bring(id)
  assert.equal((await failure(rotateKey(ports, manager, { key: id }))).code, "KEY_STATE")
  const daily = updateKey(ports, manager, { key: id, rotationPeriodMs: 86_400_000 })
  assert.equal((await failure(daily)).code, "MALFORMED_REQUEST")
})

test("a restart finds key, material and tokens as they were", async () => {
  const cluster = await foundCluster()
  const one = await openCluster(cluster)
  const home = await newPartition(one, "a", { flags: { keyImport: true } })
  const by = contextOf("manager", home)
  const [full, empty] = [await external(one.ports, by), await external(one.ports, by)]
  await bring(full.id, one.ports, by)
  const parameters = await parametersFor(empty.id, one.ports, by)
  const ask = contextOf("user", home)
  const plaintext = Buffer.from("x")
  const { ciphertext } = await encrypt(one.ports, ask, { key: full.id, plaintext })
  await one.stop()
  const two = await openCluster(cluster)
  const opened = await decrypt(two.ports, ask, { key: full.id, ciphertext })
  assert.equal(Buffer.from(opened.plaintext).toString(), "x")
  const waits = await failure(encrypt(two.ports, ask, { key: empty.id, plaintext }))
  assert.equal(waits.code, "KEY_STATE")
  await importMaterial(two.ports, by, parameters)
  await encrypt(two.ports, ask, { key: empty.id, plaintext })
  await two.stop()
  await cluster.remove()
})
