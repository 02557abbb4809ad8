/** Segment headers: a chain's state at the start of a file, so that no earlier one is needed. */

import { decodeBase64, decodeHex } from "../codec/base64.ts"
import { canonical } from "../codec/canonical.ts"
import { hashBytes, type Head } from "./chain.ts"
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from "./checkpoint.ts"

/** Where one scope stands. */
export interface ScopeState {
  /** Sequence of its last record; 0: none yet. */
  readonly seq: number
  /** Bytes charged to it since the chain began; removing segments does not lower it. */
  readonly bytes: number
}

export interface SegmentHeader {
  readonly cluster: string
  readonly chain: string
  readonly node: string
  readonly worker: number
  readonly boot: string
  /** 1 for the first of a chain, without gaps. */
  readonly segment: number
  readonly time: number
  readonly head: Head
  readonly scopes: ReadonlyMap<string, ScopeState>
  /** The chain's newest checkpoint; undefined before the first. */
  readonly checkpoint: Checkpoint | undefined
  /** {@link SegmentSecrets}, sealed under the node's key with {@link secretsAad}. */
  readonly secrets: Uint8Array
}

/** Both 32 bytes. */
export interface SegmentSecrets {
  /** MAC key of the header; the later frames' derive from it. */
  readonly mac: Uint8Array
  /** From which the scopes' secrets derive; the same in all segments of a chain. */
  readonly chain: Uint8Array
}

const format = "keyhold/audit-segment/v1"

/** A header as JSON. */
interface HeaderText extends Omit<SegmentHeader, "head" | "scopes" | "checkpoint" | "secrets"> {
  readonly format: string
  readonly records: number
  readonly link: string
  /** Scope, last sequence, bytes charged. */
  readonly scopes: readonly (readonly [string, number, number])[]
  readonly checkpoint: string | null
  readonly secrets: string
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const { head, scopes, checkpoint, secrets, ...plain } = header
  const text: HeaderText = {
    format,
    ...plain,
    records: head.records,
    link: head.link.toHex(),
    scopes: [...scopes].map(([scope, { seq, bytes }]) => [scope, seq, bytes]),
    checkpoint: checkpoint === undefined ? null : formatCheckpoint(checkpoint),
    secrets: secrets.toBase64(),
  }
  return Buffer.from(JSON.stringify(text))
}

/** @returns undefined for anything but a header of this format. */
export function decodeHeader(payload: Buffer): SegmentHeader | undefined {
  try {
    // The frame's MAC, which every reader of consequence checks, vouches for the shape.
    const json = JSON.parse(payload.toString()) as HeaderText
    if (json.format !== format) return undefined
    const { cluster, chain, node, worker, boot, segment, time, records } = json
    const scopes = new Map(json.scopes.map(([scope, seq, bytes]) => [scope, { seq, bytes }]))
    return {
      cluster,
      chain,
      node,
      worker,
      boot,
      segment,
      time,
      scopes,
      head: { records, link: decodeHex(json.link, "link") },
      checkpoint: json.checkpoint === null ? undefined : parseCheckpoint(json.checkpoint),
      secrets: decodeBase64(json.secrets, "secrets"),
    }
  } catch {
    // Not JSON, or a field is missing: not a header.
    return undefined
  }
}

/** Binds a segment's secrets to its place. */
export function secretsAad(clusterId: string, chain: string, segment: number): Uint8Array {
  return canonical("audit-secrets", clusterId, chain, segment)
}

export function encodeSecrets(secrets: SegmentSecrets): Uint8Array {
  return Buffer.concat([secrets.mac, secrets.chain])
}

export function decodeSecrets(bytes: Uint8Array): SegmentSecrets {
  return { mac: bytes.slice(0, hashBytes), chain: bytes.slice(hashBytes, 2 * hashBytes) }
}

/** Binds a scope's bodies to their place in chain and sequence. */
export function bodiesAad(
  clusterId: string,
  chain: string,
  at: { scope: string; firstSeq: number; firstIndex: number },
): Uint8Array {
  return canonical("audit-bodies", clusterId, chain, at.scope, at.firstSeq, at.firstIndex)
}
