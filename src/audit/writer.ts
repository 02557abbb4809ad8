/**
 * The writer of one chain: takes batches of records in, answers when they are durable.
 *
 * Synchronous on purpose: it runs in a thread of its own, where blocking in fdatasync disturbs
 * nobody, while libuv's pool is shared with the cryptography of the whole process.
 */

import assert from "node:assert/strict"
import { dirname } from "node:path"
import { HsmError } from "../domain/errors.ts"
import type { Clock } from "../domain/ports.ts"
import { checkAnchored } from "./anchor.ts"
import { bodyPrefix, formatBody } from "./body.ts"
import {
  chainBodies,
  chainRecords,
  commitmentsHash,
  commitmentsOf,
  hashBytes,
  saltBytes,
  saltedAt,
  type ChainRecords,
  type Head,
} from "./chain.ts"
import {
  checkpointHash,
  formatCheckpoint,
  noCheckpointHash,
  signCheckpoint,
  type Checkpoint,
  type CheckpointReason,
  type PeerHead,
} from "./checkpoint.ts"
import { nodeScope, type AuditCrypto } from "./crypto.ts"
import { listSegments, readSegmentHeader, segmentPath, syncFolder, type FilePort } from "./files.ts"
import { encodeCommit, type CommitGroup, type FrameKind } from "./frame.ts"
import { recoverChain, type ChainFolder } from "./recover.ts"
import { bodiesAad, encodeHeader, encodeSecrets, secretsAad, type ScopeState } from "./segment.ts"
import { chargedBytes } from "./segment-state.ts"
import { isDiskFullRefusal, SegmentWriter, unwritable } from "./segment-writer.ts"

/** Which chain, who writes it, and how large its files become. */
export interface WriterOptions extends ChainFolder {
  readonly node: string
  readonly worker: number
  readonly boot: string
  /** A segment that has reached this size is closed before the next commit. */
  readonly segmentBytes: number
  /** The newest checkpoint that an anchor remembers: the chain must reach it. */
  readonly anchored?: Checkpoint | undefined
}

export interface WriterPorts {
  readonly crypto: AuditCrypto
  readonly clock: Clock
  readonly files: FilePort
  readonly chainRecords?: ChainRecords | undefined
  /** Told of every checkpoint once it is durable. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
}

/** One record on its way in. */
export interface Entry {
  readonly partition: string
  /** From formatEvent. */
  readonly event: string
}

/** Space taken, in bytes. */
export interface Usage {
  /** All files of the chain. */
  readonly total: number
  /** By scope, for those that changed or, in {@link ChainWriter.usage}, for all. */
  readonly scopes: readonly (readonly [string, number])[]
}

/** One scope's part of the commit that is being built. */
interface OpenGroup {
  readonly firstSeq: number
  readonly positions: number[]
}

export class ChainWriter {
  readonly tornBytes: number
  readonly #options: WriterOptions
  readonly #ports: WriterPorts
  readonly #prefix: string
  readonly #chainSecret: Uint8Array
  readonly #scopes: Map<string, ScopeState>
  /** What the removed segments had charged: their scopes' state at the oldest remaining one. */
  #removed: ReadonlyMap<string, ScopeState>
  #head: Head
  #checkpoint: Checkpoint | undefined
  #peers: readonly PeerHead[] = []
  #storeRev = 0
  #time: number
  #archived: number
  #open: SegmentWriter
  #closedBytes = 0
  #failed = false

  /**
   * Opens a chain where it ended, in a new segment, or begins it.
   *
   * @throws HsmError TAMPERED, also when the chain ends before `anchored`; AUDIT_UNAVAILABLE when
   * the new segment cannot be written.
   */
  constructor(options: WriterOptions, ports: WriterPorts) {
    const { files, crypto } = ports
    files.mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    syncFolder(files, dirname(options.folder))
    const recovered = recoverChain(options, crypto, files)
    checkAnchored(options, files, recovered.checkpoint)
    this.#options = options
    this.#ports = ports
    this.#prefix = bodyPrefix(options)
    this.#chainSecret = recovered.chainSecret ?? crypto.bytes(hashBytes)
    this.#scopes = recovered.scopes
    this.#head = recovered.head
    this.#checkpoint = recovered.checkpoint
    this.#time = recovered.time
    this.#archived = recovered.checkpoint?.archived ?? 0
    this.tornBytes = recovered.tornBytes
    this.#open = this.#createSegment(recovered.segment + 1)
    this.#removed = this.#readBaseline()
  }

  get head(): Head {
    return this.#head
  }

  get newestCheckpoint(): Checkpoint | undefined {
    return this.#checkpoint
  }

  /** Newest revision of the store, for the next checkpoint. */
  set storeRev(rev: number) {
    this.#storeRev = Math.max(this.#storeRev, rev)
  }

  /** Heads of the other workers' chains, for the next checkpoint. */
  set peers(peers: readonly PeerHead[]) {
    this.#peers = peers
  }

  /**
   * Writes one commit and syncs it: when this returns, the records are durable.
   *
   * @throws HsmError AUDIT_UNAVAILABLE: none of them counts as written. After a full disk the
   * writer goes on when there is space again; after any other failure it refuses until restart.
   */
  append(entries: readonly Entry[]): Usage {
    assert(entries.length > 0)
    if (this.#open.size >= this.#options.segmentBytes) this.#rotate()
    const time = this.#now()
    const { groups, bodies } = this.#place(entries, time)
    const { crypto, chainRecords: run = chainRecords } = this.#ports
    const { cluster, chain } = this.#options
    const firstIndex = this.#head.records
    const salts = crypto.bytes(saltBytes * entries.length)
    const chained = chainBodies(run, cluster, { link: this.#head.link, salts, bodies })
    const { leaves, link } = chained
    const sealed: CommitGroup[] = [...groups].map(([scope, { firstSeq, positions }]) => {
      const aad = bodiesAad(cluster, chain, { scope, firstSeq, firstIndex })
      const bytes = crypto.sealBodies(scope, aad, saltedAt(chained, positions))
      return { scope, firstSeq, positions, sealed: bytes }
    })
    this.#write("commit", encodeCommit({ firstIndex, time, leaves, link, groups: sealed }))
    this.#head = { records: firstIndex + entries.length, link }
    for (const {
      scope,
      positions,
      sealed: { length },
    } of sealed) {
      const { seq, bytes } = this.#scopeState(scope)
      const charged = bytes + chargedBytes(positions.length, length)
      this.#scopes.set(scope, { seq: seq + positions.length, bytes: charged })
    }
    return this.#usageOf([...groups.keys()])
  }

  /** Says where each record stands in the chain and in its scope; changes nothing. */
  #place(entries: readonly Entry[], time: number) {
    const { crypto } = this.#ports
    const groups = new Map<string, OpenGroup>()
    let index = this.#head.records
    const bodies = entries.map(({ partition, event }, position) => {
      const scope = crypto.has(partition) ? partition : nodeScope
      let group = groups.get(scope)
      if (group === undefined) {
        group = { firstSeq: this.#scopeState(scope).seq + 1, positions: [] }
        groups.set(scope, group)
      }
      const seq = group.firstSeq + group.positions.length
      group.positions.push(position)
      return formatBody(this.#prefix, { index: index++, seq, time }, event)
    })
    return { groups, bodies }
  }

  /**
   * Signs the head and writes that down.
   *
   * @returns undefined while the node is sealed, and for `interval` when there is nothing new.
   * @throws HsmError AUDIT_UNAVAILABLE as {@link append}.
   */
  checkpoint(reason: CheckpointReason): Checkpoint | undefined {
    const { signer } = this.#ports.crypto
    const last = this.#checkpoint
    if (signer === undefined) return undefined
    if (reason === "interval" && this.#head.records === (last?.records ?? 0)) return undefined
    const { cluster, chain, node, worker, boot } = this.#options
    const number = (last?.number ?? 0) + 1
    const commitments = commitmentsOf(cluster, this.#chainSecret, number, this.#scopes)
    const checkpoint = signCheckpoint(signer, {
      cluster,
      chain,
      node,
      worker,
      boot,
      number,
      reason,
      records: this.#head.records,
      link: this.#head.link.toHex(),
      time: this.#now(),
      storeRev: this.#storeRev,
      scopes: commitments.length,
      commitments: commitmentsHash(cluster, commitments).toHex(),
      peers: this.#peers,
      archived: this.#archived,
      previous: last === undefined ? noCheckpointHash : checkpointHash(last),
    })
    this.#write("checkpoint", Buffer.from(formatCheckpoint(checkpoint)))
    this.#checkpoint = checkpoint
    this.#ports.onCheckpoint(checkpoint)
    return checkpoint
  }

  /**
   * Removes the segments up to `through`, which were archived: first a checkpoint says so, then
   * the files go. The chain still verifies, from the checkpoint in the next segment's header.
   *
   * @throws HsmError CONFLICT unless that segment is {@link closedSegments | removable}.
   */
  acknowledgeArchive(through: number): Checkpoint {
    const { files } = this.#ports
    const { folder } = this.#options
    const removable = this.closedSegments().find(({ segment }) => segment === through)?.removable
    if (removable !== true) {
      throw new HsmError("CONFLICT", "the segment is still needed: no checkpoint ends it")
    }
    this.#archived = through
    const checkpoint = this.checkpoint("archive")
    if (checkpoint === undefined) throw new HsmError("SEALED", "archiving needs the checkpoint key")
    for (const segment of listSegments(files, folder)) {
      if (segment <= through) files.unlinkSync(segmentPath(folder, segment))
    }
    syncFolder(files, folder)
    this.#removed = this.#readBaseline()
    return checkpoint
  }

  /** The segments that will not change any more. */
  closedSegments(): readonly ClosedSegment[] {
    const { files } = this.#ports
    const { folder } = this.#options
    return listSegments(files, folder)
      .filter((segment) => segment < this.#open.segment)
      .map((segment) => {
        const next = readSegmentHeader(files, folder, segment + 1)
        return {
          segment,
          bytes: files.statSync(segmentPath(folder, segment)).size,
          removable: next !== undefined && next.checkpoint?.records === next.head.records,
        }
      })
  }

  /** Of a scope's last record; 0 when it has none. */
  sequenceOf(scope: string): number {
    return this.#scopeState(scope).seq
  }

  /** Space taken by the chain and by every scope in it. */
  usage(): Usage {
    return this.#usageOf([...this.#scopes.keys()])
  }

  /** Signs the end of the chain, if the node can, and closes the file. */
  close(): Checkpoint | undefined {
    try {
      return this.#failed ? undefined : this.checkpoint("close")
    } finally {
      this.#failed = true
      this.#open.close()
    }
  }

  #usageOf(scopes: readonly string[]): Usage {
    return {
      total: this.#closedBytes + this.#open.size,
      scopes: scopes.map((scope) => {
        const removed = this.#removed.get(scope)?.bytes ?? 0
        return [scope, this.#scopeState(scope).bytes - removed]
      }),
    }
  }

  #scopeState(scope: string): ScopeState {
    return this.#scopes.get(scope) ?? { seq: 0, bytes: 0 }
  }

  /** The node's time, never before what the chain has seen. */
  #now(): number {
    this.#time = Math.max(this.#time, this.#ports.clock.now())
    return this.#time
  }

  /** Ends the open segment with a checkpoint and begins the next one. */
  #rotate(): void {
    const full = this.#open
    this.checkpoint("segment")
    this.#open = this.#guard(() => this.#createSegment(full.segment + 1))
    this.#closedBytes += full.size
    full.close()
  }

  #createSegment(segment: number): SegmentWriter {
    const { crypto } = this.#ports
    const { cluster, chain, node, worker, boot } = this.#options
    const macKey = crypto.bytes(hashBytes)
    const aad = secretsAad(cluster, chain, segment)
    const plain = encodeSecrets({ mac: macKey, chain: this.#chainSecret })
    const secrets = crypto.sealSecrets(aad, plain)
    plain.fill(0)
    const header = encodeHeader({
      cluster,
      chain,
      node,
      worker,
      boot,
      segment,
      time: this.#now(),
      head: this.#head,
      scopes: this.#scopes,
      checkpoint: this.#checkpoint,
      secrets,
    })
    return new SegmentWriter(this.#options, this.#ports, { segment, macKey, header })
  }

  #write(kind: FrameKind, payload: Buffer): void {
    this.#guard(() => this.#open.writeFrame(kind, payload))
  }

  /** Remembers every failure but a full disk: after it the files' content is unknown. */
  #guard<T>(work: () => T): T {
    if (this.#failed) throw unwritable()
    try {
      return work()
    } catch (error) {
      this.#failed = !isDiskFullRefusal(error)
      throw error
    }
  }

  /** The state at the start of the oldest segment, and the bytes of those before the open one. */
  #readBaseline(): ReadonlyMap<string, ScopeState> {
    const { files } = this.#ports
    const { folder } = this.#options
    const numbers = listSegments(files, folder)
    this.#closedBytes = numbers
      .filter((segment) => segment < this.#open.segment)
      .map((segment) => files.statSync(segmentPath(folder, segment)).size)
      .reduce((sum, bytes) => sum + bytes, 0)
    const oldest = numbers[0] ?? this.#open.segment
    return readSegmentHeader(files, folder, oldest)?.scopes ?? new Map()
  }
}

/** A segment that will not change any more. */
export interface ClosedSegment {
  readonly segment: number
  readonly bytes: number
  /** True when a checkpoint covers everything in it and nothing after it. */
  readonly removable: boolean
}
