/**
 * The keys above the keys: cluster master key, partition master keys, roots of epochs. The only
 * object that holds them; sealing the node is forgetting this object (`forget`).
 *
 *   CMK --HKDF--> wraps PMKs · cluster keys · epoch files · checkpoint signing key
 *   PMK --HKDF--> records · names · tokens · material
 *   R_e ----------> bucket tables
 */

import { createHmac, createPublicKey, sign } from "node:crypto"
import type { KeyObject } from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import { HsmError } from "../domain/errors.ts"
import type { ClusterId, PartitionId } from "../domain/ids.ts"
import type { RandomSource } from "../domain/ports.ts"
import type { KeyToOpen } from "../engine/key-handle.ts"
import { blobCipher } from "../engine/blobs.ts"
import { HashKey } from "../engine/keyed-hash.ts"
import { dealing } from "../engine/random.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { openBlob, sealBlob, sealBlobs } from "./aead.ts"
import { ed25519FromSeed } from "./ed25519.ts"
import { materialFields, recordFields } from "./identities.ts"
import type { MaterialIdentity, MaterialToSeal, RecordIdentity } from "./identities.ts"
import type { RecordToSeal, TableIdentity } from "./identities.ts"
import { TimestampKey } from "./timestamp-key.ts"

const keyBytes = 32
const noSalt = new Uint8Array(keyBytes)
const generation = 1 // Master keys do not rotate online yet; every blob already says which one.

interface PartitionKeys {
  readonly records: SecretBytes
  readonly names: SecretBytes
  /** These stay open: every request asks for tokens, every new key for the others. */
  readonly tokens: HashKey
  readonly nameHashes: HashKey
  readonly pins: HashKey
  readonly material: SecretBytes
  readonly audit: SecretBytes
  readonly timestamps: TimestampKey
}

/** Files of the node about its store, each sealed for its own purpose. */
export type NodeMemory = "anchor" | "indexes"

export class Keyholder {
  readonly clusterId: ClusterId
  /** Told of every partition whose keys have been loaded, so that its log can be written. */
  onPartition: (partition: PartitionId) => void = () => {}
  readonly #cmk: SecretBytes
  readonly #random: RandomSource
  /** Owned here alone; emptied by `forget`. */
  readonly #partitions = new Map<PartitionId, PartitionKeys>()
  readonly #roots = new Map<number, SecretBytes>()
  readonly #signer: KeyObject

  /** Takes ownership of `cmk`. */
  constructor(parts: { clusterId: ClusterId; cmk: SecretBytes; random: RandomSource }) {
    this.clusterId = parts.clusterId
    this.#cmk = parts.cmk
    this.#random = parts.random
    this.#signer = this.#lendDerived(this.#cmk, "checkpoint-key", [], (seed) =>
      ed25519FromSeed(seed),
    )
  }

  /** Makes a partition's master and audit keys; answers them wrapped under the CMK. */
  createPartition(partition: PartitionId): Uint8Array {
    const fresh = new SecretBytes(this.#random.bytes(2 * keyBytes))
    this.#loadPartitionKeys(partition, fresh)
    using wrapping = this.#derive(this.#cmk, "partition-wrap", [partition])
    return fresh.lend((plaintext) =>
      sealBlob(wrapping, this.#random, {
        aad: this.#aad("partition-keys", [partition]),
        plaintext,
        generation,
      }),
    )
  }

  /** @throws HsmError DECRYPTION_FAILED when the blob is not this partition's. */
  loadPartition(partition: PartitionId, wrapped: Uint8Array): void {
    if (this.#partitions.has(partition)) return
    using wrapping = this.#derive(this.#cmk, "partition-wrap", [partition])
    const opened = openBlob(wrapping, this.#aad("partition-keys", [partition]), wrapped)
    this.#loadPartitionKeys(partition, new SecretBytes(opened))
  }

  /** Forgets a partition's keys; those of one that exists are loaded again at its next use. */
  dropPartition(partition: PartitionId): void {
    const keys = this.#partitions.get(partition)
    this.#partitions.delete(partition)
    for (const key of Object.values<Disposable>({ ...keys })) key[Symbol.dispose]()
  }

  /** Keys for a name that no partition has, to do the same work for what does not exist. */
  loadDecoy(name: PartitionId, random: RandomSource): void {
    this.#loadPartitionKeys(name, new SecretBytes(random.bytes(2 * keyBytes)))
  }

  hasPartition(partition: PartitionId): boolean {
    return this.#partitions.has(partition)
  }

  /** Seals each record for its path; `revision` is part of what is bound. */
  sealRecords(partition: PartitionId, records: readonly RecordToSeal[]): Uint8Array[] {
    const blobs = records.map(({ identity, plaintext }) => ({
      aad: this.#aad("record", [partition, ...recordFields(identity)]),
      plaintext,
    }))
    return sealBlobs(this.#keys(partition).records, this.#random, { generation, blobs })
  }

  /** @throws HsmError DECRYPTION_FAILED for another path, revision, partition or content. */
  openRecord(partition: PartitionId, identity: RecordIdentity, blob: Uint8Array): Buffer {
    const aad = this.#aad("record", [partition, ...recordFields(identity)])
    return openBlob(this.#keys(partition).records, aad, blob)
  }

  /** Seals a bucket table under the root of `epoch`. */
  sealTable(epoch: number, identity: TableIdentity, plaintext: Uint8Array): Uint8Array {
    const aad = this.#aad("table", [identity.partition, identity.bucket, identity.sequence])
    return sealBlob(this.#root(epoch), this.#random, { aad, plaintext, generation: epoch })
  }

  openTable(epoch: number, identity: TableIdentity, blob: Uint8Array): Buffer {
    const aad = this.#aad("table", [identity.partition, identity.bucket, identity.sequence])
    return openBlob(this.#root(epoch), aad, blob)
  }

  /** A fresh erasable secret s_k. */
  freshSecret(): SecretBytes {
    return this.freshSecrets(1)()
  }

  /** Deals out so many of them, from one draw. */
  freshSecrets(count: number): () => SecretBytes {
    const deal = dealing(this.#random, count * keyBytes)
    return () => new SecretBytes(deal(keyBytes))
  }

  /** Seals material of one partition, each under its own key. */
  sealMaterials(partition: PartitionId, materials: readonly MaterialToSeal[]): Uint8Array[] {
    using keys = this.#materialKeys(partition, materials)
    const blobs = materials.map(({ id, material }) => ({
      aad: this.#aad("material", materialFields(id)),
      plaintext: material.lend((bytes) => bytes), // Used, and no longer, by the call below.
    }))
    return sealBlobs(keys, this.#random, { generation, blobs })
  }

  /** Opens material for `use`, an engine's handle or the way to one; it is wiped afterwards. */
  openMaterial<T>(
    id: MaterialIdentity,
    sealed: { secret: SecretBytes; blob: Uint8Array; publicKey?: Uint8Array | undefined },
    use: (opened: KeyToOpen) => T,
  ): T {
    using key = this.#materialKeys(id.partition, [{ id, secret: sealed.secret }])
    const aad = this.#aad("material", materialFields(id))
    using material = new SecretBytes(openBlob(key, aad, sealed.blob))
    return use({
      keyId: id.keyId,
      version: id.version,
      algorithm: id.algorithm,
      material,
      ...(sealed.publicKey === undefined ? {} : { publicKey: sealed.publicKey }),
    })
  }

  /** Keyed hash of a name within one index of a partition: 32 bytes. */
  hashName(partition: PartitionId, index: string, name: string): Uint8Array {
    const { nameHashes } = this.#keys(partition)
    return nameHashes.hash(canonical("name-index", this.clusterId, index, name))
  }

  /** Keyed hash by which a key's material is known again when it has gone: 32 bytes. */
  fingerprintMaterial(id: Omit<MaterialIdentity, "version">, material: SecretBytes): Uint8Array {
    const { partition, keyId, algorithm } = id
    const named = this.#aad("material-fingerprint", [partition, keyId, algorithm])
    return this.#keys(partition).names.lend((key) =>
      material.lend((bytes) => createHmac("sha256", key).update(named).update(bytes).digest()),
    )
  }

  /** Keyed hash of a bearer token's secret: 32 bytes. */
  hashToken(partition: PartitionId, secret: Uint8Array): Uint8Array {
    return this.#keys(partition).tokens.hash(secret)
  }

  /** The partition's audit key, for the audit writer's thread alone; the caller wipes it. */
  auditKey(partition: PartitionId): Uint8Array {
    return this.#keys(partition).audit.lend((bytes) => new Uint8Array(bytes))
  }

  /** Seed of the checkpoint signing key (RFC 8032), for the audit writer's thread; wipe it. */
  checkpointSeed(): Uint8Array {
    return this.#lendDerived(this.#cmk, "checkpoint-key", [], (seed) => new Uint8Array(seed))
  }

  /** SPKI DER of the checkpoint signing key. */
  checkpointPublicKey(): Uint8Array {
    return createPublicKey(this.#signer).export({ format: "der", type: "spki" })
  }

  /** Ed25519 under the cluster's checkpoint key; `purpose` separates domains. */
  signStatement(
    purpose: string,
    fields: readonly (string | number | Uint8Array)[],
  ): {
    readonly statement: Uint8Array
    readonly signature: Uint8Array
  } {
    const statement = canonical(purpose, this.clusterId, ...fields)
    return { statement, signature: sign(null, statement, this.#signer) }
  }

  /** ECDSA P-256 with SHA-256, in DER, under the partition's own timestamp key. */
  signTimestamp(partition: PartitionId, timestamp: Uint8Array): Uint8Array {
    return this.#keys(partition).timestamps.sign(timestamp)
  }

  /** True for what `signTimestamp` of the same partition has made. */
  isTimestamp(partition: PartitionId, timestamp: Uint8Array, signature: Uint8Array): boolean {
    return this.#keys(partition).timestamps.verifies(timestamp, signature)
  }

  /** SPKI DER of the partition's timestamp key. */
  timestampPublicKey(partition: PartitionId): Uint8Array {
    return this.#keys(partition).timestamps.publicKey
  }

  /** A keyed value of one bucket's current sequence, to accumulate over a partition: 32 bytes. */
  pinTable(identity: TableIdentity): Uint8Array {
    const { partition, bucket, sequence } = identity
    const { pins } = this.#keys(partition)
    return pins.hash(canonical("table-pin", this.clusterId, partition, bucket, sequence))
  }

  // --- roots of epochs ---------------------------------------------------------------------------

  /** Makes the root of a new epoch; answers it sealed for the node's own file. */
  createRoot(epoch: number): Uint8Array {
    const root = new SecretBytes(this.#random.bytes(keyBytes))
    this.#roots.set(epoch, root)
    using key = this.#derive(this.#cmk, "epoch-file", [epoch])
    return root.lend((plaintext) =>
      sealBlob(key, this.#random, {
        aad: this.#aad("epoch-root", [epoch]),
        plaintext,
        generation: epoch,
      }),
    )
  }

  loadRoot(epoch: number, sealed: Uint8Array): void {
    using key = this.#derive(this.#cmk, "epoch-file", [epoch])
    const opened = openBlob(key, this.#aad("epoch-root", [epoch]), sealed)
    this.#roots.set(epoch, new SecretBytes(opened))
  }

  dropRoot(epoch: number): void {
    this.#roots.get(epoch)?.[Symbol.dispose]()
    this.#roots.delete(epoch)
  }

  /** Seals what the node itself remembers of its store; see daemon/ for both. */
  sealMemory(what: NodeMemory, plaintext: Uint8Array): Uint8Array {
    using key = this.#derive(this.#cmk, "anchor-file", [])
    return sealBlob(key, this.#random, { aad: this.#aad(what, []), plaintext, generation })
  }

  openMemory(what: NodeMemory, blob: Uint8Array): Buffer {
    using key = this.#derive(this.#cmk, "anchor-file", [])
    return openBlob(key, this.#aad(what, []), blob)
  }

  /** Wipes every key; the object is of no use afterwards. */
  forget(): void {
    for (const keys of this.#partitions.values()) {
      for (const key of Object.values<Disposable>({ ...keys })) key[Symbol.dispose]()
    }
    for (const root of this.#roots.values()) root[Symbol.dispose]()
    this.#partitions.clear()
    this.#roots.clear()
    this.#cmk[Symbol.dispose]()
  }

  #keys(partition: PartitionId): PartitionKeys {
    const keys = this.#partitions.get(partition)
    if (keys === undefined) throw new HsmError("SEALED", "the partition's keys are not loaded")
    return keys
  }

  #root(epoch: number): SecretBytes {
    const root = this.#roots.get(epoch)
    if (root === undefined) throw new HsmError("TAMPERED", `the root of epoch ${epoch} is gone`)
    return root
  }

  #loadPartitionKeys(partition: PartitionId, pair: SecretBytes): void {
    using pmk = pair.lend((bytes) => copySecret(bytes.subarray(0, keyBytes)))
    using tokens = this.#derive(pmk, "tokens", [partition])
    using pins = this.#derive(pmk, "pins", [partition])
    const names = this.#derive(pmk, "names", [partition])
    this.#partitions.set(partition, {
      records: this.#derive(pmk, "records", [partition]),
      names,
      tokens: new HashKey(tokens),
      nameHashes: new HashKey(names),
      pins: new HashKey(pins),
      material: this.#derive(pmk, "material", [partition]),
      audit: pair.lend((bytes) => copySecret(bytes.subarray(keyBytes))),
      timestamps: new TimestampKey(this.#derive(pmk, "timestamps", [partition])),
    })
    this.onPartition(partition)
  }

  /** Both the partition's key and the key's own secret are needed: HKDF(PMK, s_k, identity). */
  #materialKeys(
    partition: PartitionId,
    materials: readonly Pick<MaterialToSeal, "id" | "secret">[],
  ): SecretBytes {
    const infos = materials.map(({ id }) => this.#aad("material-key", materialFields(id)))
    using salts = new SecretBytes(new Uint8Array(materials.length * keyBytes))
    salts.lend((to) => {
      for (const [at, { secret }] of materials.entries()) {
        secret.lend((bytes) => to.set(bytes, at * keyBytes))
      }
    })
    return this.#keys(partition).material.lend((ikm) =>
      salts.lend((from) => new SecretBytes(blobCipher.deriveKeys(ikm, from, infos))),
    )
  }

  #derive(from: SecretBytes, purpose: string, fields: readonly (string | number)[]): SecretBytes {
    return this.#lendDerived(from, purpose, fields, copySecret)
  }

  #lendDerived<T>(
    from: SecretBytes,
    purpose: string,
    fields: readonly (string | number)[],
    use: (bytes: Uint8Array) => T,
  ): T {
    const info = this.#aad(purpose, fields)
    // RFC 5869 section 2.2: no salt is one of zeros.
    const bytes = from.lend((ikm) => blobCipher.deriveKeys(ikm, noSalt, [info]))
    try {
      return use(bytes)
    } finally {
      bytes.fill(0)
    }
  }

  #aad(purpose: string, fields: readonly (string | number | Uint8Array)[]): Uint8Array {
    return canonical(purpose, this.clusterId, ...fields)
  }
}

/** `slice` of a Buffer would share its memory, and wiping one would wipe both. */
function copySecret(bytes: Uint8Array): SecretBytes {
  return new SecretBytes(new Uint8Array(bytes))
}
