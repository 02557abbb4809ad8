/** Opens a node from its configuration, listens, and closes it again. */

import { readFile } from "node:fs/promises"
import { join } from "node:path"

import { HsmError } from "../domain/errors.ts"
import { parseId, type ClusterId } from "../domain/ids.ts"
import { runSelfTests } from "../engine/self-test.ts"
import { createAwsKmsFace } from "../faces/aws-kms/face.ts"
import { errorHead } from "../faces/rest/errors.ts"
import { createRestFace, problem } from "../faces/rest/face.ts"
import { createTsbFace } from "../faces/tsb/face.ts"
import { createTspFace } from "../faces/tsp/face.ts"
import { createXksFace } from "../faces/xks/face.ts"
import { services } from "../faces/rest/services.ts"
import { dialectOf, type Dialect, type Dialects } from "../faces/message.ts"
import type { NodePort } from "../faces/rest/ports.ts"
import { paths } from "../records/kinds.ts"
import { readNodeIdentity } from "../sealing/node-identity.ts"
import { FileRoot, SharesRoot, type RootOfTrust } from "../sealing/root-of-trust.ts"
import { parseShareSet } from "../sealing/share-set.ts"
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts"
import type { Store } from "../store/store.ts"
import { readApi } from "./api.ts"
import { openAudit, openRetired } from "./audit.ts"
import { storeFile } from "./bootstrap.ts"
import { nodePaths, type NodeConfig } from "./config.ts"
import { awsKms, tsb, tsp, xks } from "./dialects.ts"
import { makePrivateFolder } from "./files.ts"
import { frames } from "./http/frames.ts"
import type { Protocol } from "./http/server.ts"
import { openListener } from "./listener.ts"
import { logBug, openLog, type Log } from "./log.ts"
import { listenForMetrics } from "./metrics-listener.ts"
import { createMetrics, type Build, type Metrics } from "./metrics.ts"
import { Node, readVersion } from "./node.ts"
import { freshId, systemRandom } from "./system.ts"
import { yieldSlowThreads } from "./threads.ts"
import { openClock, timeSources, type NodeClock } from "./time.ts"
import { readWebhookTrust } from "./webhook-trust.ts"
import { Workers, type WorkersPorts } from "./workers/keyholder.ts"

export interface RunningNode {
  readonly node: Node
  readonly port: number
  /** Drains, then closes everything in order. */
  close(): Promise<void>
}

/** Starts a node whose data folder `init` or the development start has prepared. */
export async function serveNode(config: NodeConfig): Promise<RunningNode> {
  const log = openLog(config.log.level)
  await yieldSlowThreads()
  const selfTests = await runSelfTests()
  const build = await readBuild(selfTests.provider)
  const { version } = build
  await makePrivateFolder(config.data)
  await makePrivateFolder(join(config.data, "epochs"))
  // Whatever fails on the way, what was opened before is closed, or its threads keep the process.
  await using opened = new AsyncDisposableStack()
  const store = await openSqliteStore({ file: storeFile(config) })
  opened.defer(() => store.close())
  const { node, workers } = await openNode(config, {
    store,
    log,
    version,
    answer: () => dialects,
    metrics: () => metricsText(),
  })
  // After the node, whose last anchor names the heads of their chains.
  if (workers !== undefined) opened.defer(() => workers.close())
  opened.defer(() => node.close())
  const metrics = createMetrics(node.gauges(), build)
  const metricsText = async () => await metrics.text(await workers?.metrics())
  const { open } = config.metrics
  const parts = { metrics: metricsText, build, log, open }
  const rest = await openRest(node, parts)
  const dialects: Dialects = [
    openAwsKms(node, log),
    openXks(node, parts),
    openTsb(node, parts),
    openTsp(node, log),
    rest,
  ]
  const front = { dialects, metrics, log, metricsText, protocols: openFrames(node, rest, log) }
  const port = await (workers?.start() ?? listenHere(config, front, opened))
  if (workers !== undefined) opened.defer(() => workers.leave(config.limits.drainMs))
  await node.start({ version, selfTests: selfTests.passed.length })
  log.info({ event: "node.listening", version, url: `https://${config.listen.host}:${port}` })
  const all = opened.move()
  return { node, port, close: () => all.disposeAsync() }
}

/** Listens in this process: for clients, and for whoever scrapes metrics. */
async function listenHere(
  config: NodeConfig,
  front: {
    readonly dialects: Dialects
    readonly protocols: Readonly<Record<string, Protocol>>
    readonly metrics: Metrics
    readonly log: Log
    readonly metricsText: () => Promise<string>
  },
  opened: AsyncDisposableStack,
): Promise<number> {
  const { listen: apart } = config.metrics
  if (apart !== undefined) {
    const scraped = await listenForMetrics(front.metricsText, apart)
    opened.defer(() => scraped.close())
  }
  const listener = await openListener(config, front)
  opened.defer(() => listener.close({ drainMs: config.limits.drainMs }))
  return listener.port
}

/** What runs: told by metrics and by the face alike. */
async function readBuild(engine: Build["engine"]): Promise<Build> {
  const { node, openssl } = process.versions
  return { version: await readVersion(), node, openssl, engine }
}

interface NodeNeeds {
  readonly store: Store
  readonly log: Log
  readonly version: string
  /** Who answers what workers pass on; known by then. */
  readonly answer: () => Dialects
  readonly metrics: () => Promise<string>
}

async function openNode(
  config: NodeConfig,
  { store, log, version, answer, metrics }: NodeNeeds,
): Promise<{ readonly node: Node; readonly workers: Workers | undefined }> {
  const clusterId = await readClusterId(store)
  const identity = readNodeIdentity(await readFile(nodePaths(config.data).identity, "utf8"))
  const clock = await openClock(config.data, timeSources)
  const root = await openRoot(config, { identity, clock })
  const webhooks = await readWebhookTrust(config)
  const { nodeId } = identity
  const bootId = freshId()
  const storeRev = await store.barrier()
  const chain = { config, clusterId, nodeId, bootId, random: systemRandom, log, storeRev }
  const audit = await openAudit(chain)
  const retired = await openRetired(chain)
  const ticketKeys = systemRandom.bytes(ticketKeyBytes)
  const workers = startWorkers(config, {
    log,
    metrics,
    answer: (request) => dialectOf(answer(), request).answer(request),
    operational: () => node.operational,
    start: () => ({
      config,
      clusterId,
      nodeId,
      bootId,
      ticketKeys,
      storeRev,
      version,
      floor: clock.now(),
    }),
  })
  const opened = { store, audit, retired, clock, log, workers, webhooks }
  const node = new Node({ config, clusterId, identity, root, ...opened })
  return { node, workers }
}

/** As node:tls has them: name, HMAC key, AES key. */
const ticketKeyBytes = 48

function startWorkers({ workers, listen }: NodeConfig, ports: WorkersPorts): Workers | undefined {
  return workers === 0 ? undefined : new Workers(workers, listen.port, ports)
}

/** The one row in the clear: which cluster this is. Everything sealed binds it. */
async function readClusterId(store: Store): Promise<ClusterId> {
  const {
    entries: [row],
  } = await store.get([paths.meta])
  const [, , text = ""] = Buffer.from(row?.value ?? [])
    .toString("latin1")
    .split(" ")
  const id = parseId<ClusterId>(text)
  if (id === undefined) {
    throw new HsmError("STORE_UNAVAILABLE", "the store holds no cluster: run keyhold init first")
  }
  return id
}

async function openRoot(
  config: NodeConfig,
  { identity, clock }: { identity: ReturnType<typeof readNodeIdentity>; clock: NodeClock },
): Promise<RootOfTrust> {
  const { rootOfTrust, limits } = config
  if (rootOfTrust.kind === "file") {
    return new FileRoot({ path: rootOfTrust.path, development: true })
  }
  const set = parseShareSet(await readFile(nodePaths(config.data).cluster, "utf8"))
  const random = systemRandom
  const progressMs = limits.unsealProgressMs
  return new SharesRoot({ identity, random }, { set, progressMs, now: clock.now() })
}

interface FaceParts {
  /** Of all processes, in Prometheus' text format. */
  readonly metrics: () => Promise<string>
  readonly build: Build
  readonly log: Log
  /** Metrics are served on the main listener too. */
  readonly open: boolean
}

/** Keyhold's own API: it owns its paths, and answers for those that nobody owns. */
async function openRest(node: Node, parts: FaceParts): Promise<Dialect> {
  const { log } = parts
  const answer = createRestFace({
    api: await readApi(),
    services,
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticate(evidence),
    node: nodePort(node, parts),
    operationsPerSecond: (partition) => node.operationsPerSecond(partition),
    onUnexpected: logBug(log),
  })
  return { owns: () => true, answer, refuse: problem }
}

function openAwsKms(node: Node, log: Log): Dialect {
  const answer = createAwsKmsFace({
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticateSigned(evidence),
    onUnexpected: logBug(log),
  })
  return { ...awsKms, answer }
}

function openXks(node: Node, { log, build: { version } }: FaceParts): Dialect {
  const answer = createXksFace({
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticateSigned(evidence),
    ready: () => node.ready(),
    version,
    onUnexpected: logBug(log),
  })
  return { ...xks, answer }
}

function openTsb(node: Node, { log, build: { version } }: FaceParts): Dialect {
  const answer = createTsbFace({
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticate(evidence),
    version,
    onUnexpected: logBug(log),
  })
  return { ...tsb, answer }
}

function openTsp(node: Node, log: Log): Dialect {
  const answer = createTspFace({
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticate(evidence),
    onUnexpected: logBug(log),
  })
  return { ...tsp, answer }
}

/** The binary call, over the same services. */
function openFrames(node: Node, { answer }: Dialect, log: Log): Readonly<Record<string, Protocol>> {
  return frames({
    ports: () => node.ports,
    authenticate: (evidence) => node.operational.authenticator.authenticate(evidence),
    rest: answer,
    statusOf: (error) => errorHead(error).status,
    onUnexpected: logBug(log),
  })
}

function nodePort(node: Node, { metrics, build, open }: FaceParts): NodePort {
  return {
    status: () => node.gate.status(),
    submitShare: (share, address) => node.gate.submit(share, address),
    version: () => build,
    ready: () => node.ready(),
    metrics: () => {
      if (open) return metrics()
      throw new HsmError("NOT_FOUND", "metrics are not served here")
    },
  }
}
