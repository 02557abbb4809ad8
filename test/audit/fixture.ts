/** A chain in a folder of its own, with an AuditCrypto made of plain node:crypto calls. */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import type { AuditCrypto } from "../../src/audit/crypto.ts"
import { formatEvent } from "../../src/audit/body.ts"
import type { Checkpoint } from "../../src/audit/checkpoint.ts"
import { realFiles, type FilePort } from "../../src/audit/files.ts"
import { ChainWriter, type Entry, type WriterOptions } from "../../src/audit/writer.ts"
import type { AuditEvent } from "../../src/domain/audit-event.ts"
import { decryptionFailed } from "../../src/domain/errors.ts"
import { instant, parseId, type PartitionId } from "../../src/domain/ids.ts"

export const cluster = "0123456789abcdefghjkmnpqrs"
export const chain = "1zzzzzzzzzzzzzzzzzzzzzzzzz"
export const alice = partitionOf("a")
export const bob = partitionOf("b")

function partitionOf(letter: string): PartitionId {
  const id = parseId<PartitionId>("1" + letter.repeat(25))
  if (id === undefined) throw new Error("not an id")
  return id
}

const signer = generateKeyPairSync("ed25519")
export const publicKey = signer.publicKey.export({ format: "der", type: "spki" })

export class TestCrypto implements AuditCrypto {
  readonly keys = new Map<string, Uint8Array>()
  sealed = false

  constructor(scopes: readonly string[] = ["node", alice, bob]) {
    for (const scope of scopes) this.keys.set(scope, Buffer.alloc(32, scope))
  }

  get signer() {
    if (this.sealed) return undefined
    return { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, signer.privateKey) }
  }

  bytes(count: number): Uint8Array {
    return randomBytes(count)
  }

  has(scope: string): boolean {
    return this.keys.has(scope)
  }

  sealBodies(scope: string, aad: Uint8Array, bodies: Uint8Array): Uint8Array {
    const nonce = randomBytes(12)
    const cipher = createCipheriv("aes-256-gcm", this.#key(scope), nonce)
    cipher.setAAD(aad)
    return Buffer.concat([nonce, cipher.update(bodies), cipher.final(), cipher.getAuthTag()])
  }

  openBodies(scope: string, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (!this.has(scope)) return undefined
    try {
      const cipher = createDecipheriv("aes-256-gcm", this.#key(scope), sealed.subarray(0, 12))
      cipher.setAAD(aad)
      cipher.setAuthTag(sealed.subarray(-16))
      return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()])
    } catch {
      throw decryptionFailed()
    }
  }

  mac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
    return createHmac("sha256", key).update(bytes).digest()
  }

  sealSecrets(aad: Uint8Array, secrets: Uint8Array): Uint8Array {
    return this.sealBodies("node", aad, secrets)
  }

  openSecrets(aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    return this.openBodies("node", aad, sealed) ?? new Uint8Array()
  }

  #key(scope: string): Uint8Array {
    const key = this.keys.get(scope)
    if (key === undefined) throw new Error(`no key for ${scope}`)
    return key
  }
}

export function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keyhold-audit-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, chain)
}

export interface Fixture {
  readonly folder: string
  readonly crypto: TestCrypto
  /** Every checkpoint that the writers emitted. */
  readonly checkpoints: readonly Checkpoint[]
  readonly open: (more?: Partial<WriterOptions>, files?: FilePort) => ChainWriter
}

/** Time of the fixtures: the test sets it. */
export const time = { now: 1_700_000_000_000 }

export function fixture(t: TestContext, folder = tempFolder(t)): Fixture {
  const crypto = new TestCrypto()
  const checkpoints: Checkpoint[] = []
  const clock = { now: () => instant(time.now) }
  return {
    folder,
    crypto,
    checkpoints,
    open: (more = {}, files = realFiles) =>
      new ChainWriter(
        {
          cluster,
          chain,
          folder,
          node: "n1",
          worker: 0,
          boot: "b1",
          segmentBytes: 1 << 20,
          ...more,
        },
        { crypto, clock, files, onCheckpoint: (checkpoint) => checkpoints.push(checkpoint) },
      ),
  }
}

/** A record of `partition` with a recognisable key id. */
export function event(partition: PartitionId, number: number): AuditEvent {
  return {
    act: "key.sign",
    partition,
    outcome: "allowed",
    subject: `subject-${partition}`,
    keyId: `key-${partition}-${number}`,
    requestId: `r${number}`,
  }
}

export function entry(partition: PartitionId, number: number): Entry {
  return { partition, event: formatEvent(event(partition, number)) }
}

/** Entries `from`..`to`, by turns of both partitions, two to one. */
export function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const number = from + index
    return entry(number % 3 === 0 ? bob : alice, number)
  })
}
