/**
 * The keyholder's side of the worker processes: starts them, serves what they ask for, and tells
 * them what has changed. Nobody is answered about a change before every worker has dropped its
 * copies: one that does not answer in time is ended, and one that has ended holds none.
 */

import { spawn, type ChildProcess } from "node:child_process"
import { setTimeout as pause } from "node:timers/promises"

import { AuditChain } from "../../audit/audit-chain.ts"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { Face } from "../../faces/message.ts"
import type { JwksFetcher, PostWebhook } from "../../identity/ports.ts"
import type { TakenUses } from "../../service/recent-uses.ts"
import { logBug, type Log } from "../log.ts"
import type { MetricValues } from "../metrics.ts"
import type { Operational, OtherProcesses } from "../operational.ts"
import { Channel, type Handlers } from "./channel.ts"
import { Forwarded } from "./forward.ts"
import type { KeyholderCalls, WorkerCalls, WorkerStart } from "./protocol.ts"

/** What the keyholder is to its workers. */
export interface WorkersPorts {
  readonly log: Log
  /** Answers requests that workers pass on. */
  readonly answer: Face
  /** Of all processes, in Prometheus' text format. */
  readonly metrics: () => Promise<string>
  /** @throws HsmError SEALED while sealed. */
  readonly operational: () => Operational
  readonly start: () => Omit<WorkerStart, "index" | "port">
}

const lostUses: TakenUses = { uses: [], missed: true }
/** Between the end of a worker and its successor; doubles while successors end early. */
const restartMsMin = 100
const restartMsMax = 5_000
/** A worker that has lived so long did not end early. */
const settledMs = 10_000

export class Workers implements OtherProcesses {
  readonly #ports: WorkersPorts
  readonly #members = new Map<number, Member>()
  readonly #count: number
  #port: number
  /** Set while keys can be used: a new worker is told at once. */
  #unsealed: Operational | undefined
  #closing = false
  /** A worker has ended, and what it knew of keys' uses with it. */
  #lostUses = false

  constructor(count: number, port: number, ports: WorkersPorts) {
    this.#count = count
    this.#port = port
    this.#ports = ports
  }

  /** Starts all; answers with the port that they share. The first one that fails ends the start. */
  async start(): Promise<number> {
    await this.#spawn(1) // It picks the port, where none is given.
    const rest = Array.from({ length: this.#count - 1 }, (_, at) => this.#spawn(at + 2))
    await Promise.all(rest)
    return this.#port
  }

  // --- other processes of the node ---------------------------------------------------------------

  forget(paths: readonly string[]): Promise<void> | undefined {
    return this.#all((member) => member.tell("forget", paths, limits.workerAnswerMs))
  }

  drain(name: string): Promise<void> | undefined {
    return this.#all((member) => member.tell("drain", name, limits.workerDrainMs))
  }

  auditKey(name: string, key: Uint8Array): void {
    for (const member of this.#holders()) void member.giveAuditKey(name, key.slice())
  }

  chains(): readonly AuditChain[] {
    return Array.from({ length: this.#count }, (_, at) => at + 1).map(
      (index) =>
        new AuditChain(async (call, args) => {
          const member = await this.#present(index)
          return (await member.channel.call("chain", { call, args })) as never // Of that call.
        }),
    )
  }

  async takeUses(): Promise<TakenUses> {
    const all = await Promise.all(
      [...this.#members.values()].map(({ channel }) =>
        channel.call("takeUses", undefined).catch(() => lostUses),
      ),
    )
    const missed = this.#lostUses || all.some((one) => one.missed)
    this.#lostUses = false
    return { uses: all.flatMap(({ uses }) => uses), missed }
  }

  /** The keyholder has no network: a worker fetches for it. */
  readonly keySets: JwksFetcher = {
    fetch: async (uri) => {
      const [member] = this.#members.values()
      return await member?.channel.call("fetchKeySet", uri).catch(() => undefined)
    },
  }

  /** The keyholder has no network: a worker posts for it. */
  readonly post: PostWebhook = async (message) => {
    const [member] = this.#members.values()
    return await member?.channel.call("postWebhook", message)
  }

  /** Keys can be used. */
  async unseal(operational: Operational): Promise<void> {
    this.#unsealed = operational
    await Promise.all([...this.#members.values()].map((member) => member.unseal(operational)))
  }

  /** Resolves when no worker has a key any more. */
  async seal(): Promise<void> {
    this.#unsealed = undefined
    await this.#all((member) => member.seal())
  }

  /** The values of all workers that answer. */
  async metrics(): Promise<MetricValues[]> {
    const values = [...this.#members.values()].map(({ channel }) =>
      channel.call("metrics", undefined).catch(() => undefined),
    )
    return (await Promise.all(values)).filter((one) => one !== undefined)
  }

  /** Why a worker's log is not written, if one is not. */
  async unavailable(): Promise<string | undefined> {
    if (this.#members.size < this.#count) return "a worker is being started"
    const states = [...this.#members.values()].map(({ channel }) =>
      channel.call("chainState", undefined).catch(() => undefined),
    )
    return (await Promise.all(states)).find((state) => state?.unavailable)?.unavailable
  }

  /** Drains the listeners: no request comes any more. */
  async leave(drainMs: number): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#members.values()].map((member) => member.leave(drainMs)))
  }

  /** Ends the workers, whose chains have been anchored by then. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#members.values()].map((member) => member.close()))
  }

  // --- members -----------------------------------------------------------------------------------

  /** Those that may have copies. */
  #holders(): Member[] {
    return [...this.#members.values()].filter(({ holds }) => holds)
  }

  #all(tell: (member: Member) => Promise<void>): Promise<void> | undefined {
    const holders = this.#holders()
    return holders.length === 0 ? undefined : each(holders, tell)
  }

  /** A worker, waited for while it is being started again. */
  async #present(index: number): Promise<Member> {
    for (let waited = 0; waited < limits.workerAnswerMs; waited += restartMsMin) {
      const member = this.#members.get(index)
      if (member !== undefined) return member
      if (this.#closing) break
      await pause(restartMsMin)
    }
    throw new HsmError("AUDIT_UNAVAILABLE", `worker ${index} does not run`)
  }

  async #spawn(index: number): Promise<void> {
    const member = new Member(this.#handlers, this.#ports)
    const port = await member.start({ ...this.#ports.start(), index, port: this.#port })
    this.#port = port
    this.#members.set(index, member)
    const startedAt = performance.now()
    void this.#follow(index, member, startedAt)
    if (this.#unsealed !== undefined) await member.unseal(this.#unsealed)
  }

  /** Starts a successor when a worker has ended unasked. */
  async #follow(index: number, { exited }: Member, startedAt: number): Promise<void> {
    const detail = await exited
    this.#members.delete(index)
    this.#lostUses = true
    if (this.#closing) return
    this.#ports.log.error({ event: "worker.ended", count: index, detail })
    const early = performance.now() - startedAt < settledMs
    await this.#restart(index, early ? restartMsMin * 2 : restartMsMin)
  }

  async #restart(index: number, afterMs: number): Promise<void> {
    await pause(afterMs)
    if (this.#closing) return
    try {
      await this.#spawn(index)
      this.#ports.log.info({ event: "worker.restarted", count: index })
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      this.#ports.log.error({ event: "worker.failed", count: index, detail })
      await this.#restart(index, Math.min(restartMsMax, afterMs * 2))
    }
  }

  readonly #handlers = (forwarded: Forwarded): Handlers<KeyholderCalls> => {
    const { operational } = this.#ports
    return {
      forward: (request) => forwarded.answer(request),
      pull: (stream) => forwarded.pull(stream),
      cancel: (stream) => forwarded.cancel(stream),
      metrics: () => this.#ports.metrics(),
      async authenticate(evidence) {
        const { authenticator } = operational()
        const caller = await authenticator.authenticate(evidence)
        const proven = authenticator.proven(evidence)
        return proven === undefined ? { caller } : { caller, proven }
      },
      async read({ kind, partition, id }) {
        const { records } = operational().ports
        if (!records.isFresh) await records.sync()
        return await records.read(kind, partition, id)
      },
      async lookup({ partition, index, name }) {
        const { records } = operational().ports
        if (!records.isFresh) await records.sync()
        return await records.lookup(partition, index, name)
      },
      async openKey({ key, version }) {
        const released = await operational().ports.keys.release(key, version)
        setImmediate(() => released.material?.fill(0)) // By then it has been sent.
        return released
      },
      leaseSeals: ({ key, version, sealsMax }) => operational().lease.seals(key, version, sealsMax),
      leaseIndexes: ({ key, version, wanted }) => operational().lease.indexes(key, version, wanted),
      leaseBudget: (wanted) => operational().lease.budget(wanted),
      leaseOperations: ({ partition, wanted }) => {
        const { meter, ports } = operational()
        return meter.takeUpTo(wanted, partition, ports.clock.now())
      },
    }
  }
}

async function each<T>(all: readonly T[], tell: (one: T) => Promise<void>): Promise<void> {
  await Promise.all(all.map(tell))
}

/** One worker process. */
class Member {
  readonly channel: Channel<WorkerCalls, KeyholderCalls>
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  readonly #forwarded: Forwarded
  /** It may have copies of records and keys. */
  holds = false

  constructor(
    handlers: (forwarded: Forwarded) => Handlers<KeyholderCalls>,
    { answer, log }: WorkersPorts,
  ) {
    const args = [...process.execArgv, new URL("./worker.ts", import.meta.url).pathname]
    // The channel is inherited; standard output is for people, and stays with the keyholder.
    this.#child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
    })
    this.#forwarded = new Forwarded(answer)
    this.exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message))
      this.#child.once("exit", (code, signal) => {
        void this.#forwarded.end()
        resolve(signal ?? `exit code ${code}`)
      })
    })
    this.channel = new Channel(this.#child, handlers(this.#forwarded), logBug(log))
  }

  async start(start: WorkerStart): Promise<number> {
    const ended = this.exited.then((why): never => {
      throw new HsmError("CONFLICT", `a worker did not start: ${why}`)
    })
    ended.catch(() => {}) // Of interest only until it has started.
    try {
      return (await Promise.race([this.channel.call("start", start), ended])).port
    } catch (error) {
      this.#child.kill("SIGKILL")
      throw error
    }
  }

  async unseal(operational: Operational): Promise<void> {
    for (const [name, key] of operational.auditKeys()) void this.giveAuditKey(name, key)
    this.holds = true
    await this.channel.call("unseal", undefined).catch(() => {}) // It has ended: see `exited`.
  }

  async giveAuditKey(name: string, key: Uint8Array): Promise<void> {
    await this.channel
      .call("auditKey", { name, key })
      .catch(() => {}) // It has ended: see `exited`.
      .finally(() => key.fill(0))
  }

  async seal(): Promise<void> {
    await this.tell("seal", undefined, limits.workerDrainMs)
    this.holds = false
  }

  /** Resolves when the worker has done it, or is no more. */
  async tell<Name extends "forget" | "drain" | "seal">(
    call: Name,
    args: WorkerCalls[Name]["args"],
    withinMs: number,
  ): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), withinMs)
    try {
      await this.channel.call(call, args)
    } catch {
      this.#child.kill("SIGKILL")
      await this.exited
    } finally {
      clearTimeout(late)
    }
  }

  async leave(drainMs: number): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), drainMs + limits.workerAnswerMs)
    await this.channel.call("leave", { drainMs }).catch(() => {}) // Ended already.
    clearTimeout(late)
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), limits.workerAnswerMs)
    await this.channel.call("close", undefined).catch(() => {}) // Ended already.
    await this.exited
    clearTimeout(late)
  }
}
