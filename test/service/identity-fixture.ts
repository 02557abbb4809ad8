/** Real records over the memory store with two partitions, and identity on top: nothing faked. */

import assert from "node:assert/strict"
import { randomFillSync } from "node:crypto"
import { bootstrapCluster } from "../../src/daemon/bootstrap.ts"
import type { AuditEvent } from "../../src/domain/audit-event.ts"
import { instant, parseId, type ClusterId } from "../../src/domain/ids.ts"
import { SecretBytes } from "../../src/engine/secret-bytes.ts"
import { createAuthenticator, type Evidence } from "../../src/identity/authenticator.ts"
import { IdentityRecords } from "../../src/records/identity-records.ts"
import { Records } from "../../src/records/records.ts"
import { Keyholder } from "../../src/sealing/keyholder.ts"
import type { Context } from "../../src/service/commands.ts"
import { InFlight } from "../../src/service/in-flight.ts"
import { RecentUses } from "../../src/service/recent-uses.ts"
import { LocalMeter } from "../../src/service/meter.ts"
import { createPartition } from "../../src/service/partition.ts"
import type { Ports } from "../../src/service/ports.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"

export const start = instant(Date.UTC(2026, 10, 23))
export const here = "192.0.2.1"
const random = { bytes: (count: number) => randomFillSync(new Uint8Array(count)) }

export async function identityServiceFixture() {
  const clusterId = parseId<ClusterId>("1".repeat(26))
  assert.ok(clusterId)
  const store = openMemoryStore()
  const clock = { time: start, now: () => clock.time, isSure: () => true }
  const cmk = random.bytes(32)
  const roots = new Map<number, Uint8Array>()
  const files = {
    list: async () => [...roots.keys()],
    read: async (epoch: number) => roots.get(epoch) ?? assert.fail(),
    write: async (epoch: number, sealed: Uint8Array) => void roots.set(epoch, sealed),
    destroy: async (epoch: number) => void roots.delete(epoch),
  }
  const first = await bootstrapCluster({
    store,
    clusterId,
    clock,
    random,
    cmk: new SecretBytes(cmk.slice()),
    roots: files,
  })
  const keyholder = new Keyholder({ clusterId, cmk: new SecretBytes(cmk), random })
  keyholder.loadRoot(1, await files.read(1))
  const records = new Records({ store, keyholder, groupNonce: random.bytes(8).toHex() })
  records.epoch = 1
  const events: AuditEvent[] = []
  const audit = { enqueue: async (event: AuditEvent) => void events.push(event) }
  const parts = { clusterId, records, audit, clock, random }
  // Keys, the log's reader and the node itself play no part in these services.
  const own = { meter: new LocalMeter(), inFlight: new InFlight(), recentUses: new RecentUses() }
  const ports = { ...parts, ...own } as unknown as Ports
  const authenticator = createAuthenticator({
    records: new IdentityRecords(records),
    hasher: { hash: (partition, secret) => keyholder.hashToken(partition, secret) },
    clock,
    jwks: { fetch: async () => undefined },
  })

  const authenticate = (evidence: Evidence) => authenticator.authenticate(evidence)

  /** Who this token proves, as the next request's context. */
  async function as(bearer: string | undefined): Promise<Context> {
    assert.ok(bearer !== undefined)
    return { caller: await authenticate({ bearer, address: here }), requestId: "request" }
  }
  async function newPartition(name: string) {
    const made = await createPartition(ports, await as(first.operatorToken), { name })
    assert.ok(made.token !== undefined)
    return { ...made, token: made.token }
  }
  const advance = (ms: number): void => {
    clock.time = instant(clock.time + ms)
  }
  const a = await newPartition("a")
  const b = await newPartition("b")
  return { ports, store, events, first, authenticate, as, advance, a, b }
}
