/**
 * Stamps: the node's word for when it saw a command, and its leave to do that command once, with
 * approvals that the caller brings along. Nothing of a command is stored; what is, is one bit for
 * each stamp, in blocks. A stamp whose block is gone, or not there, is good for nothing: absence
 * refuses, so rows that somebody deletes bring no stamp back.
 */

import type { Instant, PartitionId, StampBlockId } from "./ids.ts"
import { limits } from "./limits.ts"

export interface StampBlockRecord {
  readonly id: StampBlockId
  readonly partition: PartitionId
  /** By then all its stamps have expired, and it is forgotten. */
  readonly dueAt: Instant
  /** A bit for each stamp: set when it has been used. */
  readonly used: Uint8Array
  readonly revision: number
}

/** Which stamp: its block, and its place there. */
export interface StampPlace {
  readonly block: StampBlockId
  readonly serial: number
}

export interface Stamp extends StampPlace {
  /** Timelock and timeout count from here. */
  readonly stampedAt: Instant
  /** The last moment, whatever the rule says. */
  readonly expiresAt: Instant
}

/** No stamp of the block has been used. */
export function unused(): Uint8Array {
  return new Uint8Array(limits.stampsPerBlock / 8)
}

export function isUsed(used: Uint8Array, serial: number): boolean {
  return ((used[serial >> 3] ?? 0xff) & (1 << (serial & 7))) !== 0
}

/** The block's bits when these, too, have been used. */
export function withUsed(used: Uint8Array, serials: readonly number[]): Uint8Array {
  const after = new Uint8Array(used)
  for (const serial of serials) after[serial >> 3] = (after[serial >> 3] ?? 0) | (1 << (serial & 7))
  return after
}
