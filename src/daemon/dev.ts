/**
 * The development HSM: everything made at the first start, found again at the next. Its master key
 * lies in a file beside the data, so it protects nothing from whoever reads the disk.
 */

import { rm } from "node:fs/promises"
import { join } from "node:path"

import { accountIdOf } from "../codec/account-id.ts"
import { encodeId } from "../codec/id-text.ts"
import { clusterPartition, type ClusterId, type PartitionId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { defaultFlags } from "../domain/partition.ts"
import { partitionRoles, type Caller, type Role } from "../domain/principal.ts"
import { SecretBytes } from "../engine/secret-bytes.ts"
import { createNodeIdentity } from "../sealing/node-identity.ts"
import { createPartition } from "../service/partition.ts"
import { createPrincipal } from "../service/principals.ts"
import type { Ports } from "../service/ports.ts"
import { foundStore, type FirstTokens } from "./bootstrap.ts"
import { developmentConfig, nodePaths, type NodeConfig } from "./config.ts"
import { makePrivateFolder, readIfPresent, writeDurably } from "./files.ts"
import { serveNode, type RunningNode } from "./serve.ts"
import { freshId, systemClock, systemRandom } from "./system.ts"
import { makeCertificates } from "./tls.ts"

/** What applications find in `<data>/dev.json`; later faces add theirs. */
export interface DevFile {
  readonly url: string
  /** PEM of the authority to trust; absolute path. */
  readonly caFile: string
  readonly partition: string
  /** One bearer token per role. */
  readonly tokens: Readonly<Partial<Record<Role, string>>>
  /** For AWS's SDKs: their endpoint, and an access key that uses and manages keys. */
  readonly aws: AwsAccess
  /** For clients of Securosys' Transaction Security Broker. */
  readonly tsb: TsbAccess
  /** An external key store, as AWS KMS is configured with it. */
  readonly xks: XksAccess
}

/** As AWS KMS calls an XKS proxy. */
export interface XksAccess {
  readonly endpoint: string
  /** Of the key store: `/kms/xks/v1` follows. */
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** As its clients are configured. */
export interface TsbAccess {
  /** Of `/v1`. */
  readonly url: string
  /** Does all that an application does; in place of the partition's access token. */
  readonly bearer: string
  /** By the dialect's roles. */
  readonly apiKeys: Readonly<Record<TsbRole, string>>
}

/** As AWS's SDKs call it. */
export interface AwsAccess {
  readonly endpoint: string
  readonly region: string
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const hosts = ["localhost", "127.0.0.1", "::1"]
/** A development partition allows what a newcomer will try. */
const devFlags = {
  ...defaultFlags,
  keyImport: true,
  plainExport: true,
  wrappedExport: true,
  externalIv: true,
}

/** Starts the development node in `dataDir`, making it first when it is not there. */
export async function startDevelopment(options: {
  readonly dataDir: string
  readonly port: number
  /** Processes that serve and compute; this one does all when absent. */
  readonly workers?: number
}): Promise<{ readonly running: RunningNode; readonly dev: DevFile; readonly devFile: string }> {
  const config = developmentConfig(options)
  const devFile = join(config.data, "dev.json")
  const caFile = join(config.data, "ca.crt")
  const known = await readIfPresent(devFile)
  const first = known === undefined ? await prepare(config, caFile) : undefined
  const running = await serveNode(config)
  const url = `https://localhost:${running.port}`
  const kept: Kept =
    first === undefined
      ? // Our own file, written below.
        (JSON.parse(String(known)) as Kept)
      : await populate(running, first)
  const { partition, tokens } = kept
  const aws = kept.aws ?? (await awsAccess(running, partition))
  const tsb = kept.tsb ?? (await tsbAccess(running, partition, tokens))
  const xks = kept.xks ?? (await xksAccess(running, partition))
  const faces = {
    aws: { ...aws, endpoint: url },
    tsb: { ...tsb, url: `${url}/v1` },
    xks: { ...xks, endpoint: url },
  }
  const dev: DevFile = { url, caFile, partition, tokens, ...faces }
  await writeDurably(devFile, `${JSON.stringify(dev, undefined, 2)}\n`)
  return { running, dev, devFile }
}

/** What the file tells of an earlier start; it may be of a Keyhold that knew fewer dialects. */
type Kept = Pick<DevFile, "partition" | "tokens"> & Partial<Pick<DevFile, "aws" | "tsb" | "xks">>

/** Identity, certificates, master key, and the cluster's first records. */
async function prepare(config: NodeConfig, caFile: string): Promise<FirstTokens> {
  const own = nodePaths(config.data)
  // A first start that ended before dev.json was written: nobody has had a token, so nothing is
  // lost.
  const unfinished = (await readIfPresent(own.developmentKey)) !== undefined
  if (unfinished) await rm(config.data, { recursive: true })
  await makePrivateFolder(config.data)
  const clock = systemClock()
  const now = clock.now()
  await writeDurably(own.identity, createNodeIdentity().file)
  const made = await makeCertificates({
    hosts,
    name: "Keyhold development",
    now,
    random: systemRandom,
  })
  await writeDurably(caFile, made.authority)
  await writeDurably(own.certificate, made.certificate)
  await writeDurably(own.certificateKey, made.key)
  const cmk = systemRandom.bytes(32)
  await writeDurably(own.developmentKey, cmk)
  return await foundStore({
    config,
    clusterId: encodeId(systemRandom.bytes(16)) as ClusterId, // 16 random bytes are an id.
    cmk: new SecretBytes(cmk),
  })
}

/** One partition, one principal per role; through the services, so that the log tells of it. */
async function populate(
  { node }: RunningNode,
  first: FirstTokens,
): Promise<Pick<DevFile, "partition" | "tokens">> {
  const { ports } = node.operational
  const operator = caller(clusterPartition, "operator")
  const made = await createPartition(ports, context(operator), { name: "dev", flags: devFlags })
  const { id } = made.partition
  const officer = caller(id, "officer")
  const issued = await Promise.all(
    partitionRoles
      .filter((role) => role !== "officer")
      .map(async (role) => [role, await tokenFor(ports, officer, role, [role])] as const),
  )
  const tokens = {
    ...Object.fromEntries(issued),
    officer: made.token ?? "",
    operator: first.operatorToken,
    "cluster-officer": first.clusterOfficerToken,
  }
  return { partition: id, tokens }
}

/** The region is a label; SDKs want one. */
const devRegion = "eu-central-1"

async function awsAccess(
  { node: { operational } }: RunningNode,
  partition: string,
): Promise<Omit<AwsAccess, "endpoint">> {
  const officer = caller(partition as PartitionId, "officer") // The file holds what was made.
  const { accessKey } = await createPrincipal(operational.ports, context(officer), {
    name: "aws",
    roles: ["user", "manager", "officer"],
    credential: { kind: "access-key", lifeMs: limits.tokenLifeMaxMs },
  })
  return {
    region: devRegion,
    accountId: accountIdOf(partition),
    accessKeyId: accessKey?.accessKeyId ?? "",
    secretAccessKey: accessKey?.secretAccessKey ?? "",
  }
}

async function xksAccess(
  { node: { operational } }: RunningNode,
  partition: string,
): Promise<Omit<XksAccess, "endpoint">> {
  const officer = caller(partition as PartitionId, "officer") // The file holds what was made.
  const { accessKey, principal } = await createPrincipal(operational.ports, context(officer), {
    name: "xks",
    roles: ["user"],
    keyStore: {},
    credential: { kind: "access-key", lifeMs: limits.tokenLifeMaxMs },
  })
  return {
    prefix: `/xks/${principal.id}`,
    region: devRegion,
    accessKeyId: accessKey?.accessKeyId ?? "",
    secretAccessKey: accessKey?.secretAccessKey ?? "",
  }
}

/** Roles of API keys in the dialect, and ours. */
const tsbRoles = {
  keyManagement: "manager",
  keyOperation: "user",
  approver: "approver",
  service: "auditor",
  approverKeyManagement: "officer",
} as const satisfies Record<string, Role>
type TsbRole = keyof typeof tsbRoles

async function tsbAccess(
  { node: { operational } }: RunningNode,
  partition: string,
  tokens: DevFile["tokens"],
): Promise<Omit<TsbAccess, "url">> {
  const officer = caller(partition as PartitionId, "officer") // The file holds what was made.
  const roles = ["user", "manager", "approver", "auditor"] as const
  const bearer = await tokenFor(operational.ports, officer, "tsb", roles)
  const keys = Object.entries(tsbRoles).map(([name, role]) => [name, tokens[role] ?? ""])
  // One for each of the names.
  return { bearer, apiKeys: Object.fromEntries(keys) as Record<TsbRole, string> }
}

async function tokenFor(
  ports: Ports,
  officer: Caller,
  name: string,
  roles: readonly Role[],
): Promise<string> {
  const { token } = await createPrincipal(ports, context(officer), {
    name,
    roles,
    credential: { kind: "token" },
  })
  return token ?? ""
}

function caller(partition: PartitionId, role: Role): Caller {
  return {
    partition,
    subject: "development-start",
    roles: [role],
    grants: [],
    credential: "token",
    address: "127.0.0.1",
  }
}

function context(who: Caller): { caller: Caller; requestId: string } {
  return { caller: who, requestId: freshId() }
}
