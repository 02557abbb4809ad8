/** Several materials of one key, below AWS's dialect: store, clock, budget, log, restart. */

import assert from "node:assert/strict"
import { after, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { broughtVersions } from "../../src/domain/external-material.ts"
import type { Instant, KeyId } from "../../src/domain/ids.ts"
import type { KeyRecord } from "../../src/domain/key.ts"
import { limits } from "../../src/domain/limits.ts"
import { paths } from "../../src/records/kinds.ts"
import type { ImportMaterialCommand } from "../../src/service/commands.ts"
import { createExternalKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { decrypt, encrypt } from "../../src/service/encrypt.ts"
import { deleteMaterial } from "../../src/service/kms/delete-material.ts"
import { importMaterial, importParameters } from "../../src/service/kms/import-material.ts"
import { materialIdOf } from "../../src/service/kms/material-id.ts"
import { maintain } from "../../src/service/maintain.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { wrapMaterial } from "../support/aws-import.ts"
import { contextOf, memoryStack, openCluster, type Stack } from "../support/stack.ts"

const hour = 3_600_000
const { stack, partition } = await memoryStack({ keyImport: true })
after(async () => {
  await stack.stop()
  await stack.cluster.remove()
})

type More = Partial<ImportMaterialCommand>

/** What its owner does with a key, on one node. */
function owner({ ports, clock }: Stack) {
  const manager = contextOf("manager", partition)
  const user = contextOf("user", partition)
  const commandFor = async (key: KeyId, fill: number, more: More = {}) => {
    const mechanism = "RSA_OAEP_WRAP_SHA_256"
    const made = await importParameters(ports, manager, { key, algorithm: "RSA_2048", mechanism })
    const material = new Uint8Array(32).fill(fill)
    const wrapped = wrapMaterial(made.publicKey, material, "RSAES_OAEP_SHA_256")
    return { key, token: made.token, wrapped, ...more }
  }
  return {
    commandFor,
    create: async (): Promise<KeyId> => {
      const template = { algorithm: "AES_256", kms: { region: "eu-central-1" } } as const
      return (await createExternalKey(ports, manager, template)).id
    },
    bring: async (key: KeyId, fill: number, more: More = {}) =>
      await importMaterial(ports, manager, await commandFor(key, fill, more)),
    add: async (key: KeyId, fill: number, more: More = {}) =>
      await importMaterial(
        ports,
        manager,
        await commandFor(key, fill, { importType: "new", ...more }),
      ),
    take: (key: KeyId, materialId?: string) => deleteMaterial(ports, manager, { key, materialId }),
    rotate: (key: KeyId) => rotateKey(ports, manager, { key }),
    read: (key: KeyId) => describeKey(ports, manager, { key }),
    seal: (key: KeyId) =>
      encrypt(ports, user, { key, plaintext: Buffer.from("x"), mechanism: "AES_GCM" }),
    open: async (key: KeyId, ciphertext: Uint8Array) =>
      Buffer.from((await decrypt(ports, user, { key, ciphertext })).plaintext).toString(),
    soon: (ms: number) => ((clock.now() as number) + ms) as Instant,
  }
}

const { add, bring, commandFor, create, open, read, rotate, seal, soon, take } = owner(stack)
const { ports } = stack

/** A key with two versions. */
async function rotated(first: More = {}, second: More = {}): Promise<KeyId> {
  const id = await create()
  await bring(id, 1, first)
  await add(id, 2, second)
  await rotate(id)
  return id
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail("it succeeded"),
    (one: unknown) => one,
  )
  assert.ok(error instanceof HsmError)
  return [error.code, error.detail.field ?? ""].join(" ").trim()
}

const rowOf = async (id: KeyId, version: number) =>
  (await ports.records.store.get([paths.material(partition, id, version)])).entries[0]?.value

const partsOf = ({ state, versions, external }: KeyRecord) => ({
  state,
  here: versions.map(({ hasSecret }) => hasSecret),
  waits: external?.pending?.hasSecret,
})

test("other material waits, and is the next version once somebody asks", async () => {
  const id = await create()
  await bring(id, 1)
  const old = (await seal(id)).ciphertext
  await add(id, 2)
  assert.deepEqual(partsOf(await read(id)), { state: "active", here: [true], waits: true })
  assert.equal((await seal(id)).version, 1, "nothing is sealed under it yet")
  stack.clock.advance(hour)
  const { versions, external } = await rotate(id)
  assert.deepEqual(external, {})
  const [, second] = versions
  assert.deepEqual(
    [second?.version, second?.origin, second?.asked, second?.createdAt, second?.sealsLeased],
    [2, "imported", true, stack.clock.now(), 0],
  )
  const fresh = await seal(id)
  assert.equal(fresh.version, 2)
  assert.deepEqual([await open(id, old), await open(id, fresh.ciphertext)], ["x", "x"])
  assert.equal(await failure(rotate(id)), "KEY_STATE", "nothing waits any more")
})

test("a rotation is one commit, and brings no row: the material is there already", async () => {
  const id = await create()
  await bring(id, 1)
  await add(id, 2)
  const row = await rowOf(id, 2)
  const rev = await ports.records.store.barrier()
  await rotate(id)
  assert.equal(await ports.records.store.barrier(), rev + 1)
  assert.deepEqual(await rowOf(id, 2), row)
})

test("of several materials at most one waits; it is deleted to make place", async () => {
  const id = await create()
  await bring(id, 1)
  const { materialId } = await add(id, 2)
  assert.equal(await failure(add(id, 3)), "KEY_STATE /importType")
  assert.equal(await failure(add(id, 2)), "KEY_STATE /importType")
  const gone = await take(id, materialId)
  assert.equal(gone.materialId, materialId)
  assert.deepEqual(partsOf(gone.key), { state: "active", here: [true], waits: undefined })
  assert.equal(await failure(take(id, materialId)), "NOT_FOUND", "it is forgotten")
  const other = await add(id, 3)
  assert.notEqual(other.materialId, materialId, "another material has another id")
  assert.equal((await rotate(id)).versions.length, 2)
})

test("what waited and was deleted is dead: its row, put back, does not open", async () => {
  const id = await create()
  await bring(id, 1)
  const sealed = await seal(id)
  const { materialId } = await add(id, 2)
  const had = await read(id)
  const row = await rowOf(id, 2)
  assert.ok(row !== undefined)
  await take(id, materialId)
  assert.equal(await rowOf(id, 2), undefined)
  assert.equal(await open(id, sealed.ciphertext), "x", "the current one stays")
  await add(id, 3)
  const put = [{ put: paths.material(partition, id, 2), value: row }]
  await ports.records.store.commit({ opId: "thief", when: [], then: put })
  await rotate(id)
  assert.equal(await failure(seal(id)), "TAMPERED")
  assert.equal(await open(id, sealed.ciphertext), "x")
  const old = { ...had, versions: broughtVersions(had) }
  assert.equal(await failure(ports.keys.release(old, 2)), "TAMPERED")
})

test("deleting one of several leaves the others' bytes, and their old rows dead", async () => {
  const id = await rotated()
  const sealed = await seal(id)
  const had = await read(id)
  const row = await rowOf(id, 2)
  assert.ok(row !== undefined)
  const rev = await ports.records.store.barrier()
  const { key } = await take(id, materialIdOf(ports, had, 1))
  assert.equal(await ports.records.store.barrier(), rev + 1, "one commit")
  const gone = { state: "awaiting-material", here: [false, true], waits: undefined }
  assert.deepEqual(partsOf(key), gone)
  assert.notDeepEqual(await rowOf(id, 2), row, "sealed anew under another secret")
  assert.equal(await failure(seal(id)), "KEY_STATE")
  assert.equal(await failure(open(id, sealed.ciphertext)), "KEY_STATE", "none may be missing")
  assert.equal(await failure(bring(id, 3)), "MALFORMED_REQUEST /material")
  await bring(id, 1)
  assert.equal(await open(id, sealed.ciphertext), "x")
  // The copy that somebody kept is under the secret that has gone.
  const put = [{ put: paths.material(partition, id, 2), value: row }]
  await ports.records.store.commit({ opId: "again", when: [], then: put })
  const again = await openCluster(stack.cluster, { store: stack.store })
  assert.equal(await failure(owner(again).open(id, sealed.ciphertext)), "TAMPERED")
})

test("without an id the current one goes; a second time nothing happens", async () => {
  const id = await rotated()
  const { key, materialId } = await take(id)
  assert.deepEqual(partsOf(key).here, [true, false])
  assert.equal(materialId, materialIdOf(ports, key, 2))
  const again = await take(id)
  assert.deepEqual([again.materialId, again.key.revision], [materialId, key.revision])
  await take(id, materialIdOf(ports, key, 1))
  await bring(id, 2)
  assert.equal((await read(id)).state, "awaiting-material", "until the last one is back")
  await bring(id, 1)
  assert.equal((await read(id)).state, "active")
  await seal(id)
})

test("each import says what it is, and what does not fit uses nothing up", async () => {
  const id = await create()
  assert.equal(
    await failure(bring(id, 1, { importType: "existing" })),
    "MALFORMED_REQUEST /importType",
  )
  const { materialId } = await bring(id, 1)
  assert.equal(await failure(bring(id, 2)), "MALFORMED_REQUEST /material", "existing, if unsaid")
  assert.equal(await failure(add(id, 1)), "MALFORMED_REQUEST /material", "it is not new")
  assert.equal(await failure(add(id, 2, { materialId })), "MALFORMED_REQUEST /materialId")
  const command = await commandFor(id, 2, { importType: "existing", materialId })
  const manager = contextOf("manager", partition)
  const wrong = importMaterial(ports, manager, command)
  assert.equal(await failure(wrong), "MALFORMED_REQUEST /material")
  const { materialId: _id, ...rest } = command
  const second = await importMaterial(ports, manager, { ...rest, importType: "new" })
  // Its end can be moved while it waits, and it can be named.
  const validTo = soon(hour)
  const moved = await bring(id, 2, { materialId: second.materialId, validTo })
  assert.equal(moved.key.external?.pending?.brought?.validTo, validTo)
  const other = bring(id, 2, { materialId })
  assert.equal(await failure(other), "MALFORMED_REQUEST /material")
})

test("keys that do not encrypt take no other material", async () => {
  const manager = contextOf("manager", partition)
  const kms = { region: "eu-central-1" }
  const { id } = await createExternalKey(ports, manager, { algorithm: "HMAC_SHA_256", kms })
  await bring(id, 1)
  assert.equal(await failure(add(id, 2)), "OPERATION_FORBIDDEN")
  assert.equal(await failure(rotate(id)), "KEY_STATE")
})

test("one of several that expires makes the key wait, at its instant and for good", async () => {
  const id = await rotated({ validTo: soon(hour) }, { validTo: soon(3 * hour) })
  const sealed = await seal(id)
  stack.clock.advance(hour - 1)
  await maintain(ports)
  await seal(id)
  stack.clock.advance(1)
  assert.equal(await failure(seal(id)), "KEY_STATE", "however late the schedule")
  await maintain(ports)
  assert.deepEqual(partsOf(await read(id)), {
    state: "awaiting-material",
    here: [false, true],
    waits: undefined,
  })
  assert.equal(await rowOf(id, 1), undefined)
  const events = stack.audit.of("system.material-expired", "done")
  const ours = events.filter(({ keyId }) => keyId === id)
  assert.deepEqual(
    ours.map(({ keyVersion }) => keyVersion),
    [1],
  )
  await bring(id, 1)
  assert.equal(await open(id, sealed.ciphertext), "x", "the other one was sealed anew")
  stack.clock.advance(2 * hour)
  await maintain(ports)
  assert.deepEqual(partsOf(await read(id)).here, [true, false])
  assert.equal(await maintain(ports), 0, "no appointment is left")
})

test("two that expire at once are erased in one commit", async () => {
  const validTo = soon(hour)
  const id = await rotated({ validTo }, { validTo })
  stack.clock.advance(hour)
  const rev = await ports.records.store.barrier()
  assert.equal(await maintain(ports), 1, "one appointment for both")
  assert.equal(await ports.records.store.barrier(), rev + 1)
  assert.deepEqual(partsOf(await read(id)).here, [false, false])
})

test("what waits may expire: the key works on, and there is place for another", async () => {
  const id = await create()
  await bring(id, 1)
  const sealed = await seal(id)
  await add(id, 2, { validTo: soon(hour) })
  stack.clock.advance(hour)
  await seal(id)
  assert.equal(await failure(rotate(id)), "KEY_STATE", "its time is over, if not erased yet")
  await maintain(ports)
  const alone = { state: "active", here: [true], waits: undefined }
  assert.deepEqual(partsOf(await read(id)), alone)
  assert.equal(await rowOf(id, 2), undefined)
  assert.equal(await open(id, sealed.ciphertext), "x")
  await add(id, 3)
  await rotate(id)
})

test("what waits keeps its end when it becomes current", async () => {
  const id = await create()
  await bring(id, 1)
  await add(id, 2, { validTo: soon(hour) })
  await rotate(id)
  stack.clock.advance(hour)
  assert.equal(await failure(seal(id)), "KEY_STATE")
  await maintain(ports)
  assert.deepEqual(partsOf(await read(id)).here, [true, false])
})

test("a key whose seals are used up seals again under the material that waited", async () => {
  const id = await create()
  await bring(id, 1)
  const key = await read(id)
  const versions = key.versions.map((one) => ({ ...one, sealsLeased: limits.sealsPerVersionMax }))
  const record: KeyRecord = { ...key, versions, revision: key.revision + 1 }
  await ports.records.commit(partition, { changes: [{ kind: "key", record }] })
  assert.equal(await failure(seal(id)), "KEY_EXHAUSTED")
  await add(id, 2)
  assert.equal(await failure(seal(id)), "KEY_EXHAUSTED", "nobody rotates but its owner")
  await rotate(id)
  assert.equal((await seal(id)).version, 2)
  const leased = (await read(id)).versions.map(({ sealsLeased }) => sealsLeased)
  assert.deepEqual(leased, [limits.sealsPerVersionMax, limits.sealsLease])
  // What goes and comes back goes on counting where it was.
  await take(id)
  await bring(id, 2)
  const counted = (await read(id)).versions.map(({ sealsLeased }) => sealsLeased)
  assert.deepEqual(counted, leased)
})

test("the log names the version that came, went, or is the current one now", async () => {
  const id = await rotated()
  await take(id)
  const versionsIn = (act: "key.import-material" | "key.delete-material" | "key.rotate") =>
    stack.audit
      .of(act, "done")
      .filter(({ keyId }) => keyId === id)
      .map(({ keyVersion }) => keyVersion)
  assert.deepEqual(versionsIn("key.import-material"), [1, 2])
  assert.deepEqual(versionsIn("key.delete-material"), [2])
  assert.deepEqual(versionsIn("key.rotate"), [2])
})

test("a restart finds all versions, what waits, and every appointment", async () => {
  const id = await rotated({ validTo: soon(hour) })
  const sealed = await seal(id)
  const { materialId } = await add(id, 3)
  const again = await openCluster(stack.cluster, { store: stack.store })
  const there = owner(again)
  assert.equal(await there.open(id, sealed.ciphertext), "x")
  assert.equal(materialIdOf(again.ports, await there.read(id), 3), materialId)
  await there.rotate(id)
  assert.equal((await there.seal(id)).version, 3)
  again.clock.advance(stack.clock.now() - again.clock.now() + hour)
  await maintain(again.ports)
  assert.deepEqual(partsOf(await there.read(id)).here, [false, true, true])
  await there.bring(id, 1)
  assert.equal(await there.open(id, sealed.ciphertext), "x")
})

test("whoever opens the key while what waits is deleted looks again, and opens it", async (t) => {
  const id = await create()
  await bring(id, 1)
  const sealed = await seal(id)
  const { materialId } = await add(id, 2)
  ports.keys.evict(id)
  const { store } = ports.records
  const get = store.get.bind(store)
  let isFirst = true
  t.mock.method(store, "get", async (...asked: Parameters<typeof get>) => {
    const [[path]] = asked
    if (path === paths.material(partition, id, 1) && isFirst) {
      isFirst = false // Its secret is in hand: now another one takes its place.
      await take(id, materialId)
    }
    return await get(...asked)
  })
  const key = await read(id)
  const released = await ports.keys.release(key, 1)
  assert.deepEqual([released.material, isFirst], [new Uint8Array(32).fill(1), false])
  assert.equal(await open(id, sealed.ciphertext), "x")
})

test("a destroyed key takes what waits along", async () => {
  const id = await create()
  await bring(id, 1)
  await add(id, 2)

  await deleteKey(ports, contextOf("manager", partition), { key: id, windowMs: hour })
  stack.clock.advance(hour)
  await maintain(ports)
  assert.deepEqual([await rowOf(id, 1), await rowOf(id, 2)], [undefined, undefined])
})
