/**
 * The gate between a sealed node and its keys. Sealed, the node knows its own identity and its
 * cluster's share set, and nothing else; the root of trust gives it the cluster master key, at once
 * or when enough custodians have come. `keyhold seal` closes the gate again.
 */

import type { AuditEvent } from "../domain/audit-event.ts"
import { HsmError } from "../domain/errors.ts"
import type { ClusterId, Instant } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Clock } from "../domain/ports.ts"
import type { SecretBytes } from "../engine/secret-bytes.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import type { NodeIdentity } from "../sealing/node-identity.ts"
import { unsealRefused, type RootOfTrust } from "../sealing/root-of-trust.ts"

const minuteMs = 60_000

/** What everyone may know: the body of `GET /api/v1/seal-status`. */
export interface SealStatus {
  /** `unsealing`: the key is here and the store is being opened. */
  readonly state: "sealed" | "unsealing" | "operational"
  readonly sealed: boolean
  readonly clusterId: string
  readonly nodeId: string
  /** Ed25519, 32 bytes. */
  readonly nodeKey: Uint8Array
  /** Absent with a root that opens without people: docs/formats/importer.md. */
  readonly importerKey?: Uint8Array
  readonly importerSignature?: Uint8Array
  readonly sharesReceived: number
  readonly threshold?: number
}

/** What happened at the gate, for the audit log. */
export type SealEvent = Pick<AuditEvent, "act" | "outcome" | "address" | "note">

export interface SealGatePorts {
  readonly root: RootOfTrust
  readonly identity: NodeIdentity
  readonly clusterId: ClusterId
  readonly clock: Clock
  readonly limits: { readonly unsealProgressMs: number; readonly unsealSharesPerMinute: number }
  /** Opens the node with the key, whose owner it becomes. Rejects when the store does not fit. */
  unlock(key: SecretBytes): Promise<void>
  /** Forgets every key; resolves when none is left in memory. */
  lock(): Promise<void>
  observe(event: SealEvent): void
}

/** One node's gate; sealed when made. */
export class SealGate {
  readonly #ports: SealGatePorts
  #state: SealStatus["state"] = "sealed"
  /** The last `lock`: whatever opens the gate again waits for its end. */
  #locking: Promise<void> = Promise.resolve()
  /** Forgets an unfinished progress; armed by the first share. */
  #expiry: NodeJS.Timeout | undefined
  /** Shares per address in the running minute. */
  readonly #submitted = new BoundedMap<string, { minute: number; count: number }>(
    limits.failureAddressesMax,
  )
  /** Refusals since the last record of one, and when that was. */
  #refusals = { count: 0, recordedAt: Number.NEGATIVE_INFINITY }

  constructor(ports: SealGatePorts) {
    this.#ports = ports
  }

  /** True when keys can be used. */
  get isOperational(): boolean {
    return this.#state === "operational"
  }

  /**
   * Opens the gate at the start of the process, if the root needs no people.
   *
   * @throws HsmError SEALED when such a root gives no key, and what `unlock` throws.
   */
  async start(): Promise<void> {
    const { root } = this.#ports
    if (!root.attended && this.#state === "sealed") await this.#unlock(await root.open())
  }

  /** What the node says of itself, sealed or not. */
  status(): SealStatus {
    const { root, identity, clusterId, clock } = this.#ports
    const { nodeId, publicKey: nodeKey } = identity
    const sealed = this.#state !== "operational"
    const common = { state: this.#state, sealed, clusterId, nodeId, nodeKey }
    if (!root.attended) return { ...common, sharesReceived: 0 }
    const { importerKey, importerSignature } = root.offer(clock.now())
    const { received: sharesReceived, threshold } = root.progress()
    return { ...common, importerKey, importerSignature, sharesReceived, threshold }
  }

  /**
   * Takes one share in, sealed to this boot's importer key. When it completes the set, the answer
   * comes after the node has opened. A share that comes after that changes nothing.
   *
   * @param address - the peer's, for the limit and the log.
   * @throws HsmError UNSEAL_REFUSED, one message for every share that is not accepted;
   * RATE_LIMITED; and what `unlock` throws, told only to whoever brought the last true share.
   */
  async submit(sealed: Uint8Array, address: string): Promise<SealStatus> {
    const { root, clock } = this.#ports
    this.#meter(address, clock.now())
    await this.#locking
    if (this.#state !== "sealed") return this.status()
    if (!root.attended) throw this.#refused(address)
    const before = root.progress().received
    const key = await root.submit(sealed, clock.now()).catch((error: unknown) => {
      if (error instanceof HsmError && error.code === "UNSEAL_REFUSED") {
        throw this.#refused(address)
      }
      throw error
    })
    if (key !== undefined) await this.#unlock(key, address)
    else if (root.progress().received !== before) this.#recordProgress(address)
    return this.status()
  }

  /** Seals the node: refuses at once, resolves when no key is left in memory. */
  async seal(): Promise<void> {
    if (this.#state === "operational") {
      this.#state = "sealed"
      this.#locking = this.#ports.lock()
      this.#ports.observe({ act: "system.seal", outcome: "done" })
    }
    await this.#locking
  }

  async #unlock(key: SecretBytes, address?: string): Promise<void> {
    if (this.#state !== "sealed") {
      key[Symbol.dispose]() // Two full sets came at once.
      return
    }
    const { root } = this.#ports
    clearTimeout(this.#expiry)
    this.#state = "unsealing"
    try {
      await this.#ports.unlock(key)
      this.#state = "operational"
      if (root.attended) root.forget()
    } catch (error) {
      key[Symbol.dispose]()
      this.#state = "sealed"
      throw error
    }
    const from = address === undefined ? {} : { address }
    this.#ports.observe({ act: "system.unseal", outcome: "done", ...from })
  }

  #recordProgress(address: string): void {
    const { root, limits: bounds } = this.#ports
    if (!root.attended) return
    const { received, threshold } = root.progress()
    if (received === 1) {
      clearTimeout(this.#expiry)
      this.#expiry = setTimeout(() => root.forget(), bounds.unsealProgressMs).unref()
    }
    const note = `share ${received} of ${threshold}`
    this.#ports.observe({ act: "system.unseal", outcome: "allowed", address, note })
  }

  /** Counts by address, so that a stranger's noise does not keep the custodians out. */
  #meter(address: string, now: Instant): void {
    const minute = Math.floor(now / minuteMs)
    const seen = this.#submitted.get(address)
    const count = seen?.minute === minute ? seen.count + 1 : 1
    this.#submitted.delete(address)
    this.#submitted.set(address, { minute, count })
    if (count <= this.#ports.limits.unsealSharesPerMinute) return
    const retryAfterSeconds = Math.ceil(((minute + 1) * minuteMs - now) / 1000)
    throw new HsmError("RATE_LIMITED", "too many shares in this minute", { retryAfterSeconds })
  }

  /** Records at most one refusal per minute: whoever is not known must not grow the log. */
  #refused(address: string): HsmError {
    const { count, recordedAt } = this.#refusals
    const now = this.#ports.clock.now()
    const isDue = now - recordedAt >= minuteMs
    this.#refusals = { count: isDue ? 0 : count + 1, recordedAt: isDue ? now : recordedAt }
    if (isDue) {
      const note = `${count + 1} since the last record`
      this.#ports.observe({ act: "system.unseal-refused", outcome: "denied", address, note })
    }
    return unsealRefused()
  }
}
