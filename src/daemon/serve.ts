/** Opens a node from its configuration, listens, and closes it again. */

import { readFile } from "node:fs/promises"
import { join } from "node:path"

import { HsmError } from "../domain/errors.ts"
import { parseId, type ClusterId } from "../domain/ids.ts"
import { runSelfTests } from "../engine/self-test.ts"
import { createAwsKmsFace, ownsAwsKms, refuseAwsKms } from "../faces/aws-kms/face.ts"
import { loadApi } from "../faces/rest/endpoints.ts"
import { createRestFace, problem } from "../faces/rest/face.ts"
import { services } from "../faces/rest/services.ts"
import type { Dialect, Dialects } from "../faces/message.ts"
import type { NodePort } from "../faces/rest/ports.ts"
import { paths } from "../records/kinds.ts"
import { readNodeIdentity } from "../sealing/node-identity.ts"
import { FileRoot, SharesRoot, type RootOfTrust } from "../sealing/root-of-trust.ts"
import { parseShareSet } from "../sealing/share-set.ts"
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts"
import type { Store } from "../store/store.ts"
import { openAudit } from "./audit.ts"
import { storeFile } from "./bootstrap.ts"
import { nodePaths, type NodeConfig } from "./config.ts"
import { makePrivateFolder } from "./files.ts"
import { listen, type Listener } from "./http/server.ts"
import { openLog, type Log } from "./log.ts"
import { listenForMetrics } from "./metrics-listener.ts"
import { createMetrics, type Build, type Metrics } from "./metrics.ts"
import { Node, readVersion } from "./node.ts"
import { freshId, systemRandom } from "./system.ts"
import { openClock, type NodeClock } from "./time.ts"

export interface RunningNode {
  readonly node: Node
  readonly port: number
  /** Drains, then closes everything in order. */
  close(): Promise<void>
}

/** Starts a node whose data folder `init` or the development start has prepared. */
export async function serveNode(config: NodeConfig): Promise<RunningNode> {
  const log = openLog(config.log.level)
  const selfTests = await runSelfTests()
  const build = await readBuild(selfTests.provider)
  const { version } = build
  await makePrivateFolder(config.data)
  await makePrivateFolder(join(config.data, "epochs"))
  // Whatever fails on the way, what was opened before is closed, or its threads keep the process.
  await using opened = new AsyncDisposableStack()
  const store = await openSqliteStore({ file: storeFile(config) })
  opened.defer(() => store.close())
  const node = await openNode(config, { store, log })
  opened.defer(() => node.close())
  const metrics = createMetrics(gauges(node), build)
  const { listen: apart, open } = config.metrics
  if (apart !== undefined) {
    const scraped = await listenForMetrics(metrics, apart)
    opened.defer(() => scraped.close())
  }
  const dialects: Dialects = [
    openAwsKms(node, log),
    await openRest(node, { metrics, build, log, open }),
  ]
  const listener = await openListener(config, { dialects, metrics, log })
  opened.defer(() => listener.close({ drainMs: config.limits.drainMs }))
  await node.start({ version, selfTests: selfTests.passed.length })
  const { port } = listener
  log.info({ event: "node.listening", version, url: `https://${config.listen.host}:${port}` })
  const all = opened.move()
  return { node, port, close: () => all.disposeAsync() }
}

/** What runs: told by metrics and by the face alike. */
async function readBuild(engine: Build["engine"]): Promise<Build> {
  const { node, openssl } = process.versions
  return { version: await readVersion(), node, openssl, engine }
}

async function openNode(
  config: NodeConfig,
  { store, log }: { store: Store; log: Log },
): Promise<Node> {
  const clusterId = await readClusterId(store)
  const identity = readNodeIdentity(await readFile(nodePaths(config.data).identity, "utf8"))
  const clock = await openClock(config.data, {
    wallMs: Date.now,
    monotonicMs: () => performance.now(),
  })
  const root = await openRoot(config, { identity, clock })
  const audit = await openAudit({
    config,
    clusterId,
    nodeId: identity.nodeId,
    bootId: freshId(),
    random: systemRandom,
    log,
    storeRev: await store.barrier(),
  })
  return new Node({ config, clusterId, identity, root, store, audit, clock, log })
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
  readonly metrics: Metrics
  readonly build: Build
  readonly log: Log
  /** Metrics are served on the main listener too. */
  readonly open: boolean
}

/** Keyhold's own API: it owns its paths, and answers for those that nobody owns. */
async function openRest(node: Node, parts: FaceParts): Promise<Dialect> {
  const { log } = parts
  const spec = await readFile(new URL("../../api/openapi.yaml", import.meta.url), "utf8")
  const answer = createRestFace({
    api: loadApi(spec),
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
  return { owns: ownsAwsKms, answer, refuse: refuseAwsKms }
}

/** For errors that no caller can have caused. */
function logBug(log: Log): (error: unknown, requestId: string) => void {
  return (error, requestId) => {
    const stack = error instanceof Error ? error.stack : undefined
    log.error({
      event: "request.bug",
      requestId,
      code: "INTERNAL",
      ...(stack === undefined ? {} : { stack }),
    })
  }
}

function nodePort(node: Node, { metrics, build, open }: FaceParts): NodePort {
  return {
    status: () => node.gate.status(),
    submitShare: (share, address) => node.gate.submit(share, address),
    version: () => build,
    ready: () => node.ready(),
    metrics: () => {
      if (open) return metrics.text()
      throw new HsmError("NOT_FOUND", "metrics are not served here")
    },
  }
}

async function openListener(
  config: NodeConfig,
  { dialects, metrics, log }: { dialects: Dialects; metrics: Metrics; log: Log },
): Promise<Listener> {
  const { host, port, tls } = config.listen
  const files = { cert: await readFile(tls.certificateFile), key: await readFile(tls.keyFile) }
  return await listen(
    {
      dialects,
      newRequestId: freshId,
      monotonicMs: () => performance.now(),
      onDone: (done) => metrics.observe(done),
      onBroken: (error, requestId) =>
        log.warn({
          event: "request.broken",
          requestId,
          detail: error instanceof Error ? error.name : "unknown",
        }),
    },
    {
      host,
      port,
      tls: files,
      clientCertificates: true,
      minVersion: tls.minVersion,
      ...(tls.clientCaFile === undefined ? {} : { clientCa: await readFile(tls.clientCaFile) }),
    },
  ).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") throw error
    const why = code === "EADDRINUSE" ? "is in use: choose another port" : "cannot be had"
    throw new HsmError("CONFLICT", `${host}:${port} ${why} (${code})`)
  })
}

function gauges(node: Node): Parameters<typeof createMetrics>[0] {
  return {
    sealed: () => !node.gate.isOperational,
    openKeys: () => node.ports?.keys.size ?? 0,
    ...node.gauges(),
  }
}
