/**
 * Where the cluster master key comes from when a node starts. An unattended root opens by itself (a
 * file, in development; later a PKCS#11 device, a TPM, a cloud service); an attended root waits for
 * people. The node's gate (daemon/unseal.ts) knows these two shapes and no driver.
 */

import { readFile, stat } from "node:fs/promises"

import { HsmError } from "../domain/errors.ts"
import type { Instant } from "../domain/ids.ts"
import type { RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { Importer, type ImportedPart, type ImporterOffer } from "./importer.ts"
import type { NodeIdentity } from "./node-identity.ts"
import { combineParts, masterKeyBytes } from "./parts.ts"
import { isKeyOf, isPartOf, type ShareSet } from "./share-set.ts"

export type RootOfTrust = UnattendedRoot | AttendedRoot

/** A root that gives the key without people. */
export interface UnattendedRoot {
  readonly kind: "file"
  readonly attended: false
  /**
   * The key; the caller owns and disposes it.
   *
   * @throws HsmError SEALED when the root does not give it.
   */
  open(): Promise<SecretBytes>
}

/** How far the people have come. Says how many shares are here, never whose. */
export interface UnsealProgress {
  readonly received: number
  readonly threshold: number
}

/** A root that collects shares. */
export interface AttendedRoot {
  readonly kind: "shares"
  readonly attended: true
  /** The importer key of now; renewed by itself. */
  offer(now: Instant): ImporterOffer
  progress(): UnsealProgress
  /**
   * Takes one sealed share in.
   *
   * @returns the key when the shares suffice (the caller owns and disposes it), else undefined. A
   * repeated share changes nothing.
   * @throws HsmError UNSEAL_REFUSED, the same for every share that is not one of this cluster's,
   * sealed to this importer key.
   */
  submit(sealed: Uint8Array, now: Instant): Promise<SecretBytes | undefined>
  /** Wipes what has been collected. */
  forget(): void
}

/** The one answer to every share that is not accepted. */
export function unsealRefused(): HsmError {
  return new HsmError("UNSEAL_REFUSED", "the share was not accepted")
}

/** A key in a file: for development only, since whoever reads the disk holds everything. */
export class FileRoot implements UnattendedRoot {
  readonly kind = "file"
  readonly attended = false
  readonly #path: string

  /** `development` has no other value: production custody is never reached by a default. */
  constructor({ path }: { readonly path: string; readonly development: true }) {
    this.#path = path
  }

  /** Refuses a file that others may read, as ssh does. */
  async open(): Promise<SecretBytes> {
    const { mode } = await stat(this.#path).catch(() => {
      throw new HsmError("SEALED", `there is no development key at ${this.#path}`)
    })
    if ((mode & 0o077) !== 0) {
      throw new HsmError("SEALED", `others may read ${this.#path}: chmod 600 it`)
    }
    const key = new SecretBytes(await readFile(this.#path))
    if (key.length === masterKeyBytes) return key
    key[Symbol.dispose]()
    throw new HsmError("SEALED", `${this.#path} is not a key of ${masterKeyBytes} bytes`)
  }
}

interface SharesPorts {
  readonly identity: NodeIdentity
  readonly random: RandomSource
}

/** Custodians' shares: XOR or Shamir parts, each sealed to this boot's importer key. */
export class SharesRoot implements AttendedRoot {
  readonly kind = "shares"
  readonly attended = true
  readonly #ports: SharesPorts
  readonly #set: ShareSet
  /** How long an unfinished unseal keeps its parts. */
  readonly #progressMs: number
  #importer: Importer
  /** Accepted parts by index. Each holds against its commitment; wiped by `forget`. */
  readonly #parts = new Map<number, SecretBytes>()
  /** When the first of the parts came. */
  #since: Instant | undefined

  constructor(
    ports: SharesPorts,
    { set, progressMs, now }: { set: ShareSet; progressMs: number; now: Instant },
  ) {
    this.#ports = ports
    this.#set = set
    this.#progressMs = progressMs
    this.#importer = new Importer(ports, { clusterId: set.clusterId, now })
  }

  offer(now: Instant): ImporterOffer {
    if (!this.#importer.isFresh(now)) this.#renewImporter(now)
    return this.#importer.offer
  }

  progress(): UnsealProgress {
    return { received: this.#parts.size, threshold: this.#set.threshold }
  }

  async submit(sealed: Uint8Array, now: Instant): Promise<SecretBytes | undefined> {
    if (this.#since !== undefined && now - this.#since >= this.#progressMs) this.forget()
    const { index, part } = this.#import(sealed, now)
    if (this.#parts.has(index)) {
      part[Symbol.dispose]()
      return undefined
    }
    this.#parts.set(index, part)
    this.#since ??= now
    if (this.#parts.size < this.#set.threshold) return undefined
    return this.#combine(now)
  }

  forget(): void {
    for (const part of this.#parts.values()) part[Symbol.dispose]()
    this.#parts.clear()
    this.#since = undefined
  }

  #import(sealed: Uint8Array, now: Instant): ImportedPart {
    const imported = this.#open(sealed, now)
    const { index, part } = imported
    if (part.lend((bytes) => isPartOf(this.#set, index, bytes))) return imported
    part[Symbol.dispose]()
    throw unsealRefused()
  }

  #open(sealed: Uint8Array, now: Instant): ImportedPart {
    try {
      return this.#importer.open(sealed, now)
    } catch {
      throw unsealRefused()
    }
  }

  /** The key is compared with its commitment before anyone may use it. */
  async #combine(now: Instant): Promise<SecretBytes> {
    const parts = [...this.#parts.values()]
    this.#parts.clear()
    this.#since = undefined
    try {
      const key = await combineParts(this.#set.scheme, parts)
      if (key.lend((bytes) => isKeyOf(this.#set, bytes))) return key
      key[Symbol.dispose]()
      throw unsealRefused()
    } finally {
      for (const part of parts) part[Symbol.dispose]()
      this.#renewImporter(now)
    }
  }

  #renewImporter(now: Instant): void {
    this.#importer = new Importer(this.#ports, { clusterId: this.#set.clusterId, now })
  }
}
