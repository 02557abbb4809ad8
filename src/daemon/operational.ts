/** What a node holds while it is unsealed, from the master key to the services' ports. */

import type { AuditChain } from "../audit/audit-chain.ts"
import type { AuditLog } from "../audit/audit-log.ts"
import { checkpointKeyName } from "../audit/protocol.ts"
import { clusterPartition, type ClusterId, type PartitionId } from "../domain/ids.ts"
import type { RandomSource, SureClock } from "../domain/ports.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import { createAuthenticator, type Authenticator } from "../identity/authenticator.ts"
import type { JwksFetcher, PostWebhook, TokenHasher } from "../identity/ports.ts"
import {
  finishRotation,
  isRotationUnfinished,
  loadEpochs,
  rotateEpoch,
  type RootFiles,
} from "../records/epochs.ts"
import { createFailureLimiter } from "../identity/failure-limiter.ts"
import { createRefusalCounter, type RefusalCounter } from "../identity/refusals.ts"
import { IdentityRecords } from "../records/identity-records.ts"
import { KeyCache } from "../records/key-cache.ts"
import { Records } from "../records/records.ts"
import { Keyholder } from "../sealing/keyholder.ts"
import { InFlight } from "../service/in-flight.ts"
import { LastUses } from "../service/last-uses.ts"
import { LocalMeter } from "../service/meter.ts"
import { RecentUses, type TakenUses } from "../service/recent-uses.ts"
import type { Ports } from "../service/ports.ts"
import { rotateUnasked } from "../service/maintain.ts"
import { leaseBudget, RuleBudget, type LeaseBudget } from "../service/rule-budget.ts"
import { leaseSeals, SealBudget, type LeaseSeals } from "../service/seal-budget.ts"
import { leaseIndexes, SignatureIndexes, type LeaseIndexes } from "../service/signature-indexes.ts"
import { Stamps } from "../service/stamps.ts"
import { WebhookDelivery } from "../service/webhook-delivery.ts"
import { RequestWatch } from "../service/watch-requests.ts"
import type { Store } from "../store/store.ts"
import { auditReader } from "./audit-reader.ts"
import { createJwksFetcher } from "../identity/jwks-fetch.ts"
import { createWebhookPost, type WebhookPostOptions } from "../identity/webhook-post.ts"
import type { IndexMemory } from "./index-memory.ts"
import type { StateAnchor } from "./state-anchor.ts"

export interface Foundation {
  readonly clusterId: ClusterId
  readonly store: Store
  readonly audit: AuditLog
  /** Chains of processes that the node no longer has; read, and never written to. */
  readonly retired: readonly AuditLog[]
  readonly clock: SureClock
  readonly random: RandomSource
  readonly roots: RootFiles
  readonly anchor: StateAnchor
  readonly indexes: IndexMemory
  readonly failuresPerMinute: number
  readonly webhooks: WebhookPostOptions
  readonly others: OtherProcesses
}

/** The node's other processes, which keep copies of what is known here. */
export interface OtherProcesses {
  /** Resolves when nobody has copies of these paths any more; undefined when nobody had. */
  forget(paths: readonly string[]): Promise<void> | undefined
  /** Resolves when nothing is under way there by that name. */
  drain(name: string): Promise<void> | undefined
  /** Hands over a scope's audit key; the bytes are copied. */
  auditKey(name: string, key: Uint8Array): void
  /** Their chains of the audit log. */
  chains(): readonly AuditChain[]
  /** What they know of keys' last uses; undefined when there are none. */
  takeUses(): Promise<TakenUses> | undefined
  /** Fetches what an issuer publishes; absent when this process does so itself. */
  readonly keySets?: JwksFetcher
  /** Posts to webhooks; as above. */
  readonly post?: PostWebhook
}

/** When this process is the only one. */
export const noOthers: OtherProcesses = {
  forget: () => undefined,
  drain: () => undefined,
  auditKey: () => {},
  chains: () => [],
  takeUses: () => undefined,
}

/** Everything that sealing the node forgets. */
export interface Operational {
  readonly ports: Ports
  readonly authenticator: Authenticator
  /** Operations of the partitions' budgets, for other processes. */
  readonly meter: LocalMeter
  readonly lease: {
    readonly seals: LeaseSeals
    readonly indexes: LeaseIndexes
    readonly budget: LeaseBudget
  }
  /** Fresh copies of all audit keys by scope, for another process; to be wiped there. */
  auditKeys(): (readonly [name: string, key: Uint8Array])[]
  /** Wipes all keys, here and in the audit log's thread. */
  forget(): Promise<void>
}

/**
 * Opens the records under the master key, which is taken over.
 *
 * @throws HsmError UNSEAL_REFUSED never: the root of trust has checked the key; TAMPERED when the
 * store is not where this node left it.
 */
export async function becomeOperational(
  base: Foundation,
  cmk: SecretBytes,
  seal: () => Promise<void>,
): Promise<Operational> {
  const { clusterId, store, audit, clock, random } = base
  const keyholder = new Keyholder({ clusterId, cmk, random })
  const { others, retired } = base
  const scopes = forwardAuditKeys(keyholder, [audit, ...retired], others)
  const records = new Records({ store, keyholder, groupNonce: random.bytes(8).toHex() })
  const keys = new KeyCache(records)
  const told = { watch: new RequestWatch(), webhooks: webhooksOf(base, records) }
  records.onChange = (path, kind) => {
    if (kind === "m") evictMaterial(keys, path)
    if (kind === "r") told.watch.tell(path)
    if (kind === "o") told.webhooks.tell(path)
  }
  records.announce = (paths) => others.forget(paths)
  const meter = new LocalMeter()
  const refusals = createRefusalCounter()
  const forget = async (): Promise<void> => {
    keys.clear()
    keyholder.forget()
    const logs = [audit, ...retired]
    await Promise.all(scopes.flatMap((scope) => logs.map((log) => log.dropKey(scope))))
  }
  try {
    await openRecords(base, records)
    const { lineage } = base.indexes
    const lease = leasesOf(base, records)
    const inFlight = new InFlight((name) => others.drain(name))
    const ports: Ports = {
      clusterId,
      records,
      keys,
      audit,
      clock,
      random,
      ...logReadersOf(base, records),
      meter,
      inFlight,
      ...told,
      stamps: new Stamps({ records, random, inFlight }),
      onboarding: onboardingOf(base, refusals),
      sealBudget: new SealBudget(lease.seals),
      ruleBudget: new RuleBudget(lease.budget),
      indexes: new SignatureIndexes(lease.indexes),
      lineage,
      node: {
        seal,
        rotateEpoch: oneByOne(() => rotateEpoch(records, base.roots, () => clock.now())),
      },
    }
    const authenticator = createAuthenticator({
      records: new IdentityRecords(records),
      hasher: tokenHasher(keyholder, random),
      clock,
      jwks: others.keySets ?? createJwksFetcher(),
      failuresPerMinute: base.failuresPerMinute,
      refusals,
    })
    const auditKeys = () => scopes.map((scope) => [scope, auditKeyOf(keyholder, scope)] as const)
    return { ports, authenticator, meter, lease, auditKeys, forget }
  } catch (error) {
    await forget()
    throw error
  }
}

/** One-time codes that do not hold: slowed down, and counted with other refusals. */
function onboardingOf(
  { failuresPerMinute }: Foundation,
  refusals: RefusalCounter,
): Ports["onboarding"] {
  const limiter = createFailureLimiter(failuresPerMinute)
  return {
    fail: (source, now) => {
      refusals.count("one-time-code")
      return limiter.fail(source, now)
    },
  }
}

/** What reads the chains of all processes. */
function logReadersOf(
  { audit, others, retired }: Foundation,
  records: Records,
): Pick<Ports, "auditReader" | "recentUses" | "lastUses"> {
  const reader = auditReader(() => [audit, ...others.chains(), ...retired])
  const recentUses = new RecentUses()
  const takeOthers = () => others.takeUses()
  const lastUses = new LastUses({ records, auditReader: reader, recent: recentUses, takeOthers })
  return { auditReader: reader, recentUses, lastUses }
}

function leasesOf({ audit, clock, indexes }: Foundation, records: Records): Operational["lease"] {
  const { lineage } = indexes
  return {
    seals: leaseSeals(records, (key) =>
      rotateUnasked({ records, audit, lineage }, key, clock.now()),
    ),
    indexes: leaseIndexes(records, indexes),
    budget: leaseBudget(records),
  }
}

function webhooksOf(
  { audit, clock, others, webhooks }: Foundation,
  records: Records,
): WebhookDelivery {
  const post = others.post ?? createWebhookPost(webhooks)
  return new WebhookDelivery({ records, clock, audit, post })
}

/** Roots, the cluster's own partition, the anchor; and what a crash left half done. */
async function openRecords(base: Foundation, records: Records): Promise<void> {
  await loadEpochs(records, base.roots)
  await records.sync()
  await records.state(clusterPartition)
  await base.anchor.check(records)
  await base.indexes.load(records)
  if (await isRotationUnfinished(records, base.roots)) {
    await finishRotation(records, base.roots, () => base.clock.now())
  }
}

/** Runs `job` again for each call, never twice at a time. */
function oneByOne<T>(job: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const next = last.then(job)
    last = next.catch(() => {})
    return next
  }
}

/** Hands every scope's audit key to the writer's thread as soon as it is known. */
function forwardAuditKeys(
  keyholder: Keyholder,
  logs: readonly AuditLog[],
  others: OtherProcesses,
): string[] {
  const scopes: string[] = []
  const add = (name: string): void => {
    scopes.push(name)
    const key = auditKeyOf(keyholder, name)
    others.auditKey(name, key)
    // Posted in order: the key is there before the first record that needs it.
    void Promise.all(logs.map((log) => log.addKey(name, key))).finally(() => key.fill(0))
  }
  keyholder.onPartition = add
  add(checkpointKeyName)
  return scopes
}

/** A fresh copy; whoever asks wipes it. */
function auditKeyOf(keyholder: Keyholder, scope: string): Uint8Array {
  return scope === checkpointKeyName
    ? keyholder.checkpointSeed()
    : keyholder.auditKey(scope as PartitionId) // Every other scope came from onPartition.
}

/** A changed row of material closes that key's handles: `p/<partition>/m/<key>/<version>`. */
function evictMaterial(keys: KeyCache, path: string): void {
  const [, , , keyId = ""] = path.split("/")
  keys.evict(keyId)
}

/** For partitions that do not exist: the same work, under a key that nothing was stored with. */
function tokenHasher(keyholder: Keyholder, random: RandomSource): TokenHasher {
  const nobody = "nobody" as PartitionId // Not an id: no stored partition can have this name.
  keyholder.loadDecoy(nobody, random)
  return {
    hash: (partition, secret) =>
      keyholder.hashToken(keyholder.hasPartition(partition) ? partition : nobody, secret),
  }
}
