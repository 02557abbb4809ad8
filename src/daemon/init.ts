/**
 * `keyhold init`: founds a cluster on this node. The master key is made, split and sealed to its
 * custodians in this process's memory, and wiped before the command ends; what remains are share
 * files, of use to their custodians alone. `cluster.json`, without which no node unseals, is
 * written last: whatever interrupts the command before has founded nothing.
 */

import { mkdir, open, readdir } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"

import { encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { ClusterId } from "../domain/ids.ts"
import type { Clock, RandomSource } from "../domain/ports.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { custodianPattern } from "../sealing/custodian-key.ts"
import { createNodeIdentity, type NodeIdentity } from "../sealing/node-identity.ts"
import { masterKeyBytes } from "../sealing/parts.ts"
import { renderShareSet, type ShareSet } from "../sealing/share-set.ts"
import { issueShares } from "../sealing/shares.ts"
import { commitTo, showPattern } from "../sealing/verification-pattern.ts"
import type { FirstTokens } from "./bootstrap.ts"
import { nodePaths, type NodeConfig } from "./config.ts"
import { makePrivateFolder, readIfPresent, writeDurably } from "./files.ts"
import { makeCertificates } from "./tls.ts"

export interface InitPorts {
  readonly random: RandomSource
  readonly clock: Clock
  /** Fills the empty store under the new key, which it takes over and wipes. */
  bootstrap(request: {
    readonly config: NodeConfig
    readonly clusterId: ClusterId
    readonly cmk: SecretBytes
  }): Promise<FirstTokens>
}

export interface InitRequest {
  readonly config: NodeConfig
  /** Where share files go; made when missing. Never the node's data folder. */
  readonly sharesFolder: string
  /** Where the tokens go, mode 0600; undefined: only into the report. */
  readonly tokensFile?: string | undefined
}

/** What people see of a ceremony: patterns, never keys. */
export interface InitReport {
  readonly clusterId: ClusterId
  readonly nodeId: string
  /** Of the cluster master key. */
  readonly keyPattern: string
  readonly shares: readonly {
    readonly custodian: string
    readonly file: string
    readonly partPattern: string
    readonly custodianPattern: string
  }[]
  readonly tokens: FirstTokens
  readonly tokensFile?: string | undefined
}

/**
 * Founds a cluster.
 *
 * @throws HsmError CONFLICT when the data folder holds anything, or a file to be written exists;
 * MALFORMED_REQUEST when the configuration names no custodians for a root of shares.
 */
export async function initCluster(ports: InitPorts, request: InitRequest): Promise<InitReport> {
  const { config, tokensFile } = request
  await refuseUsedPlaces(request)
  await makePrivateFolder(config.data)
  const paths = nodePaths(config.data)
  const { identity, file } = createNodeIdentity()
  await writeDurably(paths.identity, file)
  await writeCertificates(ports, config)
  // encodeId writes exactly the form of an id.
  const clusterId = encodeId(ports.random.bytes(16)) as ClusterId
  using cmk = new SecretBytes(ports.random.bytes(masterKeyBytes))
  const commitment = cmk.lend((bytes) => commitTo("cluster-master-key", clusterId, bytes))
  const { set, shares } = await storeKey(ports, request, { clusterId, cmk, identity })
  const tokens = await ports.bootstrap({ config, clusterId, cmk })
  if (tokensFile !== undefined) await writeNew(tokensFile, renderTokens(tokens))
  if (set !== undefined) await writeDurably(paths.cluster, renderShareSet(set))
  const keyPattern = showPattern(commitment)
  return { clusterId, nodeId: identity.nodeId, keyPattern, shares, tokens, tokensFile }
}

/** The transcript that custodians sign on paper; with the tokens, unless a file has them. */
export function renderTranscript(report: InitReport): string {
  const { clusterId, nodeId, keyPattern, shares, tokens, tokensFile } = report
  const lines = [
    `cluster             ${clusterId}`,
    `node                ${nodeId}`,
    `master key pattern  ${keyPattern}`,
    ...shares.flatMap(({ custodian, file, partPattern, custodianPattern: pattern }) => [
      `share of ${custodian}`,
      `  part pattern      ${partPattern}`,
      `  custodian pattern ${pattern}`,
      `  file              ${file}`,
    ]),
    tokensFile === undefined
      ? `tokens, shown this once:\n${renderTokens(tokens)}`
      : `tokens              ${tokensFile}`,
  ]
  return `${lines.join("\n").trimEnd()}\n`
}

interface Founding {
  readonly clusterId: ClusterId
  readonly cmk: SecretBytes
  readonly identity: NodeIdentity
}

/** Gives the key to its root of trust: to custodians, or in development to a file. */
async function storeKey(
  { random }: InitPorts,
  { config, sharesFolder }: InitRequest,
  { clusterId, cmk, identity }: Founding,
): Promise<{ readonly set?: ShareSet; readonly shares: InitReport["shares"] }> {
  if (config.rootOfTrust.kind === "file") {
    const copy = cmk.lend((bytes) => Uint8Array.from(bytes))
    await writeNew(config.rootOfTrust.path, copy).finally(() => copy.fill(0))
    return { shares: [] }
  }
  const { scheme, threshold, recipients } = config.custodians ?? noCustodians()
  const custodians = recipients.map(({ name, key }) => ({ name, publicKey: key }))
  const nodes = [identity.publicKey]
  const split = { clusterId, key: cmk, scheme, threshold, custodians, nodes }
  const { set, shares } = await issueShares(random, split)
  for (const { custodian, file } of shares) await writeNew(sharePath(sharesFolder, custodian), file)
  const report = shares.map(({ custodian, pattern: partPattern }, at) => ({
    custodian,
    file: sharePath(sharesFolder, custodian),
    partPattern,
    custodianPattern: custodianPattern(custodians[at]?.publicKey ?? new Uint8Array()),
  }))
  return { set, shares: report }
}

/** Certificates of our own, where the configuration names none. */
async function writeCertificates(ports: InitPorts, config: NodeConfig): Promise<void> {
  const { tls, host } = config.listen
  if (!tls.generated) return
  const everywhere = ["0.0.0.0", "::"].includes(host)
  const hosts = [...new Set([everywhere ? hostname() : host, "localhost", "127.0.0.1", "::1"])]
  const { random, clock } = ports
  const request = { hosts, name: config.cluster.name, now: clock.now(), random }
  const { authority, certificate, key } = await makeCertificates(request)
  await writeDurably(tls.keyFile, key)
  await writeDurably(tls.certificateFile, certificate)
  await writeDurably(nodePaths(config.data).authority, authority)
}

function sharePath(folder: string, custodian: string): string {
  return join(folder, `share-${custodian}.khs`)
}

function renderTokens({ operatorToken, clusterOfficerToken }: FirstTokens): string {
  const tokens = { operator: operatorToken, "cluster-officer": clusterOfficerToken }
  return `${JSON.stringify(tokens, undefined, 2)}\n`
}

/** Writes a file that must not exist yet, mode 0600, and syncs it. */
async function writeNew(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await using file = await open(path, "wx", 0o600)
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST"
    throw isThere ? exists(path) : error
  }
}

/** Everything that can be refused is refused before the first file is written. */
async function refuseUsedPlaces({ config, sharesFolder, tokensFile }: InitRequest): Promise<void> {
  const { data, rootOfTrust, custodians } = config
  const names = await readdir(data).catch((): string[] => [])
  if (names.includes(basename(nodePaths(data).cluster))) {
    throw new HsmError("CONFLICT", `${data} holds a cluster already`)
  }
  if (names.length > 0) {
    const reason = "is not empty, perhaps after an interrupted init; remove it, then repeat"
    throw new HsmError("CONFLICT", `${data} ${reason}`)
  }
  const recipients = rootOfTrust.kind === "file" ? [] : (custodians ?? noCustodians()).recipients
  const files = recipients.map(({ name }) => sharePath(sharesFolder, name))
  for (const path of tokensFile === undefined ? files : [...files, tokensFile]) {
    if ((await readIfPresent(path)) !== undefined) throw exists(path)
  }
}

function noCustodians(): never {
  const reason = "custodians is missing: a root of shares needs scheme, threshold and recipients"
  throw new HsmError("MALFORMED_REQUEST", reason)
}

function exists(path: string): HsmError {
  return new HsmError("CONFLICT", `${path} exists already; move it away first`)
}
