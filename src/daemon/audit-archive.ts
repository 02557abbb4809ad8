/**
 * Moves closed segments of the audit log to another folder, so that the log's budget is for what is
 * new. A segment is removed here only when its copy is durable there; the chain still verifies from
 * the checkpoint at which the archive ends.
 */

import { createHash } from "node:crypto"
import { open, readFile, rename } from "node:fs/promises"
import { join } from "node:path"

import type { AuditChain } from "../audit/audit-chain.ts"
import { HsmError } from "../domain/errors.ts"
import { makePrivateFolder } from "./files.ts"

/**
 * Archives what is closed of all chains; the first one's segments lie in `folder` itself, each
 * other's in a folder of its chain's name.
 *
 * @returns how many segments went.
 */
export async function archiveAll(chains: readonly AuditChain[], folder: string): Promise<number> {
  let segments = 0
  for (const [at, chain] of chains.entries()) {
    const own = at === 0 ? folder : join(folder, (await chain.head()).chain)
    segments += await archiveSegments(chain, own)
  }
  return segments
}

/**
 * Archives what is closed of one chain.
 *
 * @returns how many segments went.
 * @throws HsmError CONFLICT when a copy does not read back as it was written.
 */
export async function archiveSegments(audit: AuditChain, folder: string): Promise<number> {
  const all = await audit.closedSegments()
  const end = all.findIndex(({ removable }) => !removable)
  const closed = end < 0 ? all : all.slice(0, end)
  const last = closed.at(-1)
  if (last === undefined) return 0
  await makePrivateFolder(folder)
  for (const { segment } of closed) await copySegment(audit, folder, segment)
  await audit.acknowledgeArchive(last.segment)
  return closed.length
}

async function copySegment(audit: AuditChain, folder: string, segment: number): Promise<void> {
  const path = join(folder, `${segment.toString().padStart(8, "0")}.seg`)
  const hash = createHash("sha256")
  {
    await using file = await open(`${path}.new`, "w", 0o600)
    for await (const bytes of audit.readSegment(segment)) {
      hash.update(bytes)
      await file.writeFile(bytes)
    }
    await file.sync()
  }
  await rename(`${path}.new`, path)
  await using parent = await open(folder, "r")
  await parent.sync()
  const copied = createHash("sha256")
    .update(await readFile(path))
    .digest()
  if (copied.equals(hash.digest())) return
  throw new HsmError("CONFLICT", `the archived copy of segment ${segment} differs`)
}
