/**
 * Finds where a chain ends after a stop of any kind.
 *
 * A frame is acknowledged only after the sync that follows it, and one write is in flight at a
 * time. So what a crash can leave is one torn frame at the end of the newest segment, and the zeros
 * that it was about to overwrite, or a newest segment without a whole header; all are removed.
 * Anything else that does not fit is TAMPERED.
 */

import { equalBytes, genesis, nextMacKey, type Head } from "./chain.ts"
import type { Checkpoint } from "./checkpoint.ts"
import type { AuditCrypto } from "./crypto.ts"
import {
  listSegments,
  readSegmentFile,
  segmentPath,
  syncFolder,
  tampered,
  type FilePort,
  type SegmentFile,
} from "./files.ts"
import { frameMacInput } from "./frame.ts"
import {
  decodeSecrets,
  secretsAad,
  type ScopeState,
  type SegmentHeader,
  type SegmentSecrets,
} from "./segment.ts"
import { SegmentState } from "./segment-state.ts"

/** The chain's end, and what was done to find it. */
export interface Recovered {
  readonly head: Head
  readonly scopes: Map<string, ScopeState>
  readonly checkpoint: Checkpoint | undefined
  readonly time: number
  /** Undefined for a new chain. */
  readonly chainSecret: Uint8Array | undefined
  /** Number of the newest segment; 0 for a new chain. */
  readonly segment: number
  /** Bytes of an unacknowledged write that were removed. */
  readonly tornBytes: number
}

export interface ChainFolder {
  readonly cluster: string
  readonly chain: string
  readonly folder: string
}

/** @throws HsmError TAMPERED when no crash explains what is found. */
export function recoverChain(at: ChainFolder, crypto: AuditCrypto, files: FilePort): Recovered {
  const numbers = listSegments(files, at.folder)
  const newest = numbers.at(-1)
  if (newest === undefined) return emptyChain(at)
  if (newest - (numbers[0] ?? 0) !== numbers.length - 1) throw tampered("a segment is missing")
  const file = readSegmentFile(files, at.folder, newest)
  if (file.damaged) throw tampered(`segment ${newest} is damaged before its end`)
  if (file.frames.length === 0) return recoverWithout(at, crypto, files, file)
  const tornBytes = cutTornTail(at, files, file)
  return { ...replay(at, crypto, file), segment: newest, tornBytes }
}

function emptyChain(at: ChainFolder): Recovered {
  return {
    head: genesis(at.cluster, at.chain),
    scopes: new Map(),
    checkpoint: undefined,
    time: 0,
    chainSecret: undefined,
    segment: 0,
    tornBytes: 0,
  }
}

/** The newest segment's header never became durable: nothing in it was acknowledged. */
function recoverWithout(
  at: ChainFolder,
  crypto: AuditCrypto,
  files: FilePort,
  file: SegmentFile,
): Recovered {
  files.unlinkSync(segmentPath(at.folder, file.segment))
  syncFolder(files, at.folder)
  const before = recoverChain(at, crypto, files)
  if (before.segment === 0 && file.segment > 1) throw tampered("all but a torn segment is missing")
  return { ...before, tornBytes: before.tornBytes + file.torn }
}

function cutTornTail(at: ChainFolder, files: FilePort, file: SegmentFile): number {
  if (file.bytes === file.end) return 0
  const fd = files.openSync(segmentPath(at.folder, file.segment), "r+")
  try {
    files.ftruncateSync(fd, file.end)
    files.fsyncSync(fd)
  } finally {
    files.closeSync(fd)
  }
  return file.torn
}

function replay(
  at: ChainFolder,
  crypto: AuditCrypto,
  file: SegmentFile,
): Omit<Recovered, "segment" | "tornBytes"> {
  const { header } = file
  if (header === undefined || header.cluster !== at.cluster || header.chain !== at.chain) {
    throw tampered(`segment ${file.segment} has no header of this chain`)
  }
  const secrets = openSegmentSecrets(at, crypto, header)
  const macs = checkMacs(at, crypto, file, secrets.mac)
  if (macs !== undefined) throw tampered(`segment ${file.segment}: frame ${macs} was changed`)
  const state = new SegmentState(header)
  for (const frame of file.frames) {
    const problem = state.apply(frame)
    if (problem !== undefined) throw tampered(`segment ${file.segment}: ${problem}`)
  }
  const { head, scopes, checkpoint, time } = state
  return { head, scopes, checkpoint, time, chainSecret: secrets.chain }
}

/** @throws HsmError DECRYPTION_FAILED when the node's key does not open them. */
export function openSegmentSecrets(
  at: ChainFolder,
  crypto: AuditCrypto,
  header: SegmentHeader,
): SegmentSecrets {
  const aad = secretsAad(at.cluster, at.chain, header.segment)
  return decodeSecrets(crypto.openSecrets(aad, header.secrets))
}

/** Checks every frame's MAC; answers the ordinal of the first that fails. */
export function checkMacs(
  at: ChainFolder,
  crypto: AuditCrypto,
  file: SegmentFile,
  first: Uint8Array,
): number | undefined {
  let key = first
  for (const frame of file.frames) {
    const input = frameMacInput(at.cluster, at.chain, file.segment, frame)
    if (!equalBytes(crypto.mac(key, input), frame.mac)) return frame.ordinal
    key = nextMacKey(at.cluster, key)
  }
  return undefined
}
