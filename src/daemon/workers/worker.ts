/**
 * One worker: a front and an engine. It has the records and leaf keys that it uses, a chain of the
 * log, and nothing above them; what it cannot do, the keyholder does for it. When the keyholder
 * goes, it ends.
 */

import assert from "node:assert/strict"

import type { AuditLog } from "../../audit/audit-log.ts"
import { nodeScope } from "../../audit/crypto.ts"
import type { HsmError } from "../../domain/errors.ts"
import type { Caller } from "../../domain/principal.ts"
import type { SureClock } from "../../domain/ports.ts"
import { clusterPartition } from "../../domain/ids.ts"
import { onLaterSelfTest, runSelfTests } from "../../engine/self-test.ts"
import type { Dialect, Dialects } from "../../faces/message.ts"
import { errorHead } from "../../faces/rest/errors.ts"
import { createRestFace, problem } from "../../faces/rest/face.ts"
import type { NodePort } from "../../faces/rest/ports.ts"
import { services } from "../../faces/rest/services.ts"
import type { Evidence } from "../../identity/authenticator.ts"
import { createJwksFetcher } from "../../identity/jwks-fetch.ts"
import type { PostWebhook } from "../../identity/ports.ts"
import { createWebhookPost } from "../../identity/webhook-post.ts"
import { InFlight } from "../../service/in-flight.ts"
import type { Ports, UsePorts } from "../../service/ports.ts"
import { readWebhookTrust } from "../webhook-trust.ts"
import { RecentUses } from "../../service/recent-uses.ts"
import { RuleBudget } from "../../service/rule-budget.ts"
import { SealBudget } from "../../service/seal-budget.ts"
import { SignatureIndexes } from "../../service/signature-indexes.ts"
import { readApi } from "../api.ts"
import { openAudit } from "../audit.ts"
import { otherDialects } from "../dialects.ts"
import { frames } from "../http/frames.ts"
import type { Listener } from "../http/server.ts"
import { openListener } from "../listener.ts"
import { logBug, openLog, type Log } from "../log.ts"
import { listenForMetrics } from "../metrics-listener.ts"
import { createMetrics, type Metrics } from "../metrics.ts"
import { systemRandom } from "../system.ts"
import { yieldSlowThreads } from "../threads.ts"
import { timeSources, watchedClock } from "../time.ts"
import { Channel, type Handlers } from "./channel.ts"
import { here } from "./here.ts"
import { forwardTo } from "./forward.ts"
import type { KeyholderCalls, WorkerCalls, WorkerStart } from "./protocol.ts"
import { WorkerAuthenticator } from "./worker-authenticator.ts"
import { WorkerKeys } from "./worker-keys.ts"
import { WorkerMeter } from "./worker-meter.ts"
import { WorkerRecords } from "./worker-records.ts"

/** What stands once the worker has been started. */
interface Running {
  readonly log: Log
  readonly audit: AuditLog
  readonly listener: Listener
  readonly metrics: Metrics
  readonly clock: SureClock
}

class Worker {
  readonly #channel = new Channel<KeyholderCalls, WorkerCalls>(process, this.#handlers(), (error) =>
    this.#bug(error),
  )
  readonly #records = new WorkerRecords(this.#channel)
  readonly #keys = new WorkerKeys(this.#channel)
  readonly #inFlight = new InFlight()
  readonly #sealBudget = new SealBudget((key, version, sealsMax) =>
    this.#channel.call("leaseSeals", { key, version, sealsMax }),
  )
  readonly #ruleBudget = new RuleBudget((wanted) => this.#channel.call("leaseBudget", wanted))
  readonly #indexes = new SignatureIndexes((key, version, wanted) =>
    this.#channel.call("leaseIndexes", { key, version, wanted }),
  )
  readonly #authenticator = new WorkerAuthenticator({
    keyholder: this.#channel,
    records: this.#records,
    enter: (work) => this.#inFlight.enter(work),
  })
  readonly #recentUses = new RecentUses()
  readonly #jwks = createJwksFetcher()
  /** As the configuration has it, once that is here. */
  #post: PostWebhook = createWebhookPost({ allowPrivate: false })
  /** Scopes whose audit keys are here; emptied when the node is sealed. */
  readonly #scopes = new Set<string>()
  #running: Running | undefined
  /** Undefined while the node is sealed: then everything goes to the keyholder. */
  #ports: UsePorts | undefined
  #start: WorkerStart | undefined

  #handlers(): Handlers<WorkerCalls> {
    return {
      start: (start) => this.#begin(start),
      unseal: () => this.#unseal(),
      auditKey: async ({ name, key }) => {
        this.#scopes.add(name)
        await this.#up.audit.addKey(name, key).finally(() => key.fill(0))
        return undefined
      },
      seal: () => this.#seal(),
      forget: (paths) => this.#forget(paths),
      drain: async (name) => {
        await this.#inFlight.drain(name)
        this.#keys.evict(name) // Opened before, by whoever has just ended.
        return undefined
      },
      tickets: (keys) => {
        this.#up.listener.renewTickets(Buffer.from(keys))
        return undefined
      },
      fetchKeySet: (uri) => this.#jwks.fetch(uri),
      postWebhook: (message) => this.#post(message),
      metrics: () => this.#up.metrics.values(),
      takeUses: () => this.#recentUses.take(),
      chain: ({ call, args }) => this.#up.audit.pass(call, args),
      chainState: () => this.#up.audit.state,
      leave: ({ drainMs }) => this.#leave(drainMs),
      close: () => this.#close(),
    }
  }

  get #up(): Running {
    assert(this.#running !== undefined)
    return this.#running
  }

  async #begin(start: WorkerStart): Promise<{ port: number }> {
    const { config, index, clusterId, nodeId, bootId, storeRev, floor } = start
    this.#start = start
    this.#post = createWebhookPost(await readWebhookTrust(config))
    const log = openLog(config.log.level)
    await yieldSlowThreads()
    const { provider } = await runSelfTests()
    const random = systemRandom
    const clock = watchedClock(floor, timeSources)
    const parts = { config, clusterId, nodeId, bootId, random, log, storeRev, worker: index }
    const audit = await openAudit(parts)
    const metrics = createMetrics(this.#gauges(audit), {
      version: start.version,
      node: process.versions.node,
      openssl: process.versions.openssl,
      engine: provider,
    })
    const rest = await this.#rest(log)
    // What is no request is refused here, in its own dialect; all else goes on.
    const answer = forwardTo(this.#channel)
    const dialects: Dialects = [...otherDialects.map((one) => ({ ...one, answer })), rest]
    const protocols = frames({
      ports: () => this.#ports,
      authenticate: (evidence) => this.#authenticate(evidence),
      rest: rest.answer,
      statusOf: (error) => errorHead(error).status,
      onUnexpected: logBug(log),
    })
    const listener = await openListener(
      { ...config, listen: { ...config.listen, port: start.port } },
      { dialects, metrics, log, protocols, ticketKeys: Buffer.from(start.ticketKeys) },
    )
    const { listen: apart } = config.metrics
    if (apart !== undefined && index === 1) {
      await listenForMetrics(() => this.#channel.call("metrics", undefined), apart)
    }
    this.#running = { log, audit, listener, metrics, clock }
    onLaterSelfTest(({ name, passed }) => {
      const event = {
        act: "system.self-test",
        partition: clusterPartition,
        subject: "node",
      } as const
      const outcome = passed ? "done" : "failed"
      audit
        .enqueue({ ...event, outcome, note: name }, { stopsHarm: true })
        .catch((error: unknown) => {
          this.#bug(error)
        })
    })
    return { port: listener.port }
  }

  /** Keyhold's own API: what uses keys is answered here, all else by the keyholder. */
  async #rest(log: Log): Promise<Dialect> {
    const answer = createRestFace({
      api: await readApi(),
      services,
      // The services of `here` take no more than UsePorts: here.ts has the compiler check it.
      ports: () => this.#ports as Ports | undefined,
      authenticate: (evidence) => this.#authenticate(evidence),
      node: elsewhere,
      operationsPerSecond: (partition) =>
        this.#records.peek("partition", partition, partition)?.quota.operationsPerSecond,
      elsewhere: { here, answer: forwardTo(this.#channel) },
      onUnexpected: logBug(log),
    })
    return { owns: () => true, answer, refuse: (error: HsmError, id) => problem(error, id) }
  }

  #authenticate(evidence: Evidence): Promise<Caller> {
    return this.#authenticator.authenticate(evidence, this.#up.clock.now())
  }

  #gauges(audit: AuditLog): Parameters<typeof createMetrics>[0] {
    return {
      openKeys: () => this.#keys.size,
      auditWaiting: () => audit.state.waiting,
      auditBytes: () => audit.state.usedBytes,
    }
  }

  #unseal(): undefined {
    const { audit, clock } = this.#up
    assert(this.#start !== undefined)
    this.#ports = {
      clusterId: this.#start.clusterId,
      records: this.#records,
      keys: this.#keys,
      audit,
      clock,
      random: systemRandom,
      meter: new WorkerMeter(this.#channel),
      inFlight: this.#inFlight,
      sealBudget: this.#sealBudget,
      ruleBudget: this.#ruleBudget,
      indexes: this.#indexes,
      recentUses: this.#recentUses,
    }
    return undefined
  }

  async #seal(): Promise<undefined> {
    this.#ports = undefined
    this.#keys.clear()
    this.#records.clear()
    const { audit } = this.#up
    await audit.checkpoint().catch(() => {}) // The keyholder says that the log is not written.
    const scopes = [...this.#scopes]
    this.#scopes.clear()
    await Promise.all(scopes.map((scope) => audit.dropKey(scope)))
    return undefined
  }

  #forget(paths: readonly string[]): undefined {
    this.#records.forget(paths)
    for (const path of paths) {
      const [, , what, keyId] = path.split("/")
      if (what === "m" && keyId !== undefined) this.#keys.evict(keyId)
    }
    return undefined
  }

  async #leave(drainMs: number): Promise<undefined> {
    await this.#up.listener.close({ drainMs })
    return undefined
  }

  async #close(): Promise<undefined> {
    await this.#up.audit.close()
    setImmediate(() => process.disconnect?.()) // The answer leaves first.
    return undefined
  }

  #bug(error: unknown): void {
    if (this.#running !== undefined) logBug(this.#running.log)(error)
  }
}

/** Asked by no operation of `here`. */
const elsewhere: NodePort = {
  status: () => assert.fail(nodeScope),
  submitShare: () => assert.fail(nodeScope),
  version: () => assert.fail(nodeScope),
  ready: () => assert.fail(nodeScope),
  metrics: () => assert.fail(nodeScope),
}

// The keyholder says when to end: a terminal's signals go to every process of its group.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {})
process.on("disconnect", () => process.exit(0))
// oxlint-disable-next-line no-new -- it lives by the channel
new Worker()
