import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mock, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { instant, type Instant } from "../../src/domain/ids.ts"
import { SealGate, type SealEvent } from "../../src/daemon/unseal.ts"
import type { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { sealForImporter } from "../../src/sealing/importer.ts"
import { FileRoot, type RootOfTrust } from "../../src/sealing/root-of-trust.ts"
import { holdCeremony, reveal, start, type Ceremony } from "../sealing/ceremony-fixture.ts"

const refused = { code: "UNSEAL_REFUSED", message: "the share was not accepted" }
const shape = { scheme: "shamir", threshold: 2, total: 3 } as const

/** A gate over a ceremony's root, with what it did; `unlock` may be made to fail. */
function gateOf(ceremony: Ceremony, root: RootOfTrust = ceremony.root) {
  const events: SealEvent[] = []
  const keys: SecretBytes[] = []
  const state: { now: Instant; failure?: Error; locks: number } = { now: start, locks: 0 }
  const gate = new SealGate({
    root,
    identity: ceremony.identity,
    clusterId: ceremony.clusterId,
    clock: { now: () => state.now },
    limits: { unsealProgressMs: 60_000, unsealSharesPerMinute: 4 },
    unlock: async (key) => {
      keys.push(key)
      if (state.failure !== undefined) throw state.failure
    },
    lock: async () => void (state.locks += 1),
    observe: (event) => events.push(event),
  })
  /** A share of this custodian, sealed to the importer key of now. */
  const sealed = (index: number) => {
    return sealForImporter(ceremony.root.offer(state.now), ceremony.open(index), state.now)
  }
  return { gate, sealed, events, keys, state }
}

test("the node opens with the last share, and every step is recorded", async () => {
  const ceremony = await holdCeremony("gate", shape)
  const { gate, sealed, events, keys } = gateOf(ceremony)
  await gate.start()
  assert(!gate.isOperational)
  const first = await gate.submit(sealed(3), "192.0.2.1")
  assert.deepEqual([first.state, first.sharesReceived, first.threshold], ["sealed", 1, 2])
  const last = await gate.submit(sealed(1), "192.0.2.2")
  assert.deepEqual([last.state, last.sealed, last.sharesReceived], ["operational", false, 0])
  assert(gate.isOperational)
  assert.deepEqual(keys.map(reveal), [ceremony.master])
  assert.deepEqual(events, [
    { act: "system.unseal", outcome: "allowed", address: "192.0.2.1", note: "share 1 of 2" },
    { act: "system.unseal", outcome: "done", address: "192.0.2.2" },
  ])
})

test("the status carries the offer that a custodian's machine accepts", async () => {
  const ceremony = await holdCeremony("status", shape)
  const { gate } = gateOf(ceremony)
  const status = gate.status()
  assert(status.importerKey && status.importerSignature)
  const { importerKey, importerSignature } = status
  const offer = { ...status, importerKey, importerSignature }
  const share = sealForImporter(offer, ceremony.open(2), start)
  assert.equal((await gate.submit(share, "192.0.2.1")).sharesReceived, 1)
})

test("refusals say one thing, and at most one a minute is recorded", async () => {
  const { gate, events, state } = gateOf(await holdCeremony("noise", shape))
  for (const address of ["a", "b", "c"]) {
    await assert.rejects(gate.submit(new Uint8Array(1170), address), refused)
  }
  state.now = instant(start + 60_000)
  await assert.rejects(gate.submit(new Uint8Array(), "d"), refused)
  const denied = { act: "system.unseal-refused", outcome: "denied" }
  assert.deepEqual(events, [
    { ...denied, address: "a", note: "1 since the last record" },
    { ...denied, address: "d", note: "3 since the last record" },
  ])
})

test("one address may bring so many shares a minute, and does not slow another", async () => {
  const { gate, sealed, state } = gateOf(await holdCeremony("rate", shape))
  const noise = () => gate.submit(new Uint8Array(), "192.0.2.66")
  for (let count = 0; count < 4; count++) await assert.rejects(noise(), refused)
  await assert.rejects(noise(), { code: "RATE_LIMITED", detail: { retryAfterSeconds: 60 } })
  assert.equal((await gate.submit(sealed(1), "192.0.2.1")).sharesReceived, 1)
  state.now = instant(start + 60_000)
  await assert.rejects(noise(), refused)
})

test("an unfinished progress is wiped by the clock, without anybody asking", async () => {
  mock.timers.enable({ apis: ["setTimeout"] })
  try {
    const { gate, sealed } = gateOf(await holdCeremony("expiry", shape))
    await gate.submit(sealed(1), "a")
    mock.timers.tick(59_999)
    assert.equal(gate.status().sharesReceived, 1)
    mock.timers.tick(1)
    assert.equal(gate.status().sharesReceived, 0)
  } finally {
    mock.timers.reset()
  }
})

test("seal closes the gate at once, forgets the keys, and shares open it again", async () => {
  const ceremony = await holdCeremony("again", shape)
  const { gate, sealed, keys, state } = gateOf(ceremony)
  await gate.seal()
  assert.equal(state.locks, 0)
  const recorded = [sealed(1), sealed(2)]
  for (const share of recorded) await gate.submit(share, "a")
  const sealing = gate.seal()
  assert(!gate.isOperational)
  await sealing
  assert.equal(state.locks, 1)
  state.now = instant(start + 60_000)
  for (const share of recorded) await assert.rejects(gate.submit(share, "a"), refused)
  await gate.submit(sealed(2), "a")
  await gate.submit(sealed(3), "a")
  assert(gate.isOperational)
  assert.equal(keys.length, 2)
})

test("a store that does not fit the key leaves the node sealed and the key wiped", async () => {
  const { gate, sealed, keys, state } = gateOf(await holdCeremony("misfit", shape))
  state.failure = new HsmError("TAMPERED", "the store was rolled back")
  await gate.submit(sealed(1), "a")
  await assert.rejects(gate.submit(sealed(2), "a"), { code: "TAMPERED" })
  assert.equal(gate.status().state, "sealed")
  assert.deepEqual(keys.map(reveal), [new Uint8Array(32)])
})

test("a share that comes after the others changes nothing", async () => {
  const { gate, sealed, keys } = gateOf(await holdCeremony("late", shape))
  const shares = [sealed(1), sealed(2), sealed(3)]
  const answers = await Promise.all(shares.map((share) => gate.submit(share, "a")))
  assert.equal(gate.status().state, "operational")
  assert.equal(gate.status().sharesReceived, 0)
  assert.equal(keys.length, 1)
  assert.equal(answers.length, 3)
})

test("a development root opens at start, takes no shares, and stays shut after seal", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "keyhold-gate-"))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, "development.key")
  await writeFile(path, new Uint8Array(32).fill(5), { mode: 0o600 })
  const root = new FileRoot({ path, development: true })
  const { gate, keys, sealed } = gateOf(await holdCeremony("file", shape), root)
  assert.equal(gate.status().importerKey, undefined)
  await assert.rejects(gate.submit(sealed(1), "a"), refused)
  await gate.start()
  assert(gate.isOperational)
  assert.deepEqual(keys.map(reveal), [new Uint8Array(32).fill(5)])
  await gate.seal()
  assert.equal(gate.status().state, "sealed")
  await assert.rejects(gate.submit(sealed(1), "a"), refused)
})
