/**
 * The load, in a process of its own: a few connections with one request at a time on each. Sends
 * bytes made beforehand over TLS 1.3 and only counts what comes back, so that it is cheaper than
 * any server; it reads the server's CPU time itself, at the very edges of its window.
 */

import { connect as connectPlain, type Socket } from "node:net"
import { connect, type TLSSocket } from "node:tls"

import { keepFramesBusy, type FrameCall } from "./frame-load.ts"
import { AnswerReader, counterMark, counterOffsets, requestBytes } from "./http.ts"
import type { RequestParts } from "./http.ts"
import { keepStreamsBusy } from "./http2-load.ts"
import type { Case } from "./plan.ts"
import { cpuSeconds } from "./processes.ts"
import { Schedule } from "./schedule.ts"

/** What to do; comes as the first message. */
export interface Job {
  readonly url: string
  /** PEM of the authority; absent where the URL is plain HTTP. */
  readonly ca?: string | undefined
  /** For HTTP. */
  readonly request?: RequestParts | undefined
  /** Instead of it, for frames. */
  readonly call?: FrameCall | undefined
  readonly over: Case["over"]
  readonly connections: number
  readonly inFlight: number
  readonly warmMs: number
  readonly measureMs: number
  /** Requests per second, over HTTP/1.1 alone; absent: as many as the server answers. */
  readonly rate?: number | undefined
  /** Whose CPU time counts; absent for a peer of which only the URL is known. */
  readonly serverPid?: number | undefined
  /** Where the counter in the body starts. */
  readonly countFrom: number
}

/** What was seen in the window; goes back as a message. */
export interface Measured {
  readonly requests: number
  readonly seconds: number
  /** Undefined for a peer. */
  readonly cpuSeconds: number | undefined
  readonly p50Ms: number
  readonly p99Ms: number
  /** Where the next counter may start. */
  readonly countedTo: number
}

/** Owned by the connections, which push; read at the window's edges. */
const latencies: number[] = []
let counter = 0

async function run(job: Job): Promise<Measured> {
  counter = job.countFrom
  const schedule = new Schedule(job.rate)
  const ends = await Promise.all(
    Array.from({ length: job.connections }, () => begin(job, schedule)),
  )
  schedule.start()
  await pause(job.warmMs)
  const before = look(job)
  await pause(job.measureMs)
  const after = look(job)
  schedule.stop()
  for (const end of ends) end()
  const seen = latencies.slice(before.requests, after.requests).toSorted((a, b) => a - b)
  const { cpu } = before
  return {
    requests: seen.length,
    seconds: (after.atMs - before.atMs) / 1_000,
    cpuSeconds: cpu === undefined || after.cpu === undefined ? undefined : after.cpu - cpu,
    p50Ms: quantile(seen, 0.5),
    p99Ms: quantile(seen, 0.99),
    countedTo: counter,
  }
}

function onAnswer(latencyMs: number): void {
  latencies.push(latencyMs)
}

/** Opens one connection and keeps it busy; answers with what ends it. */
async function begin(job: Job, schedule: Schedule): Promise<() => void> {
  const { over, request, call, inFlight } = job
  if (over === "http2" && request !== undefined) {
    const session = keepStreamsBusy({ ...job, request }, inFlight, onAnswer)
    return () => session.destroy()
  }
  const socket = await open(job)
  if (call !== undefined) keepFramesBusy(socket as TLSSocket, call, onAnswer)
  else if (request !== undefined) keepBusy(socket, { ...job, request, schedule })
  return () => socket.destroy()
}

function look({ serverPid }: Job): { requests: number; atMs: number; cpu: number | undefined } {
  const cpu = serverPid === undefined ? undefined : cpuSeconds(serverPid)
  return { requests: latencies.length, atMs: performance.now(), cpu }
}

function open({ url, ca, over }: Job): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url)
  const to = { host: hostname, port: Number(port), noDelay: true }
  return new Promise((resolve, reject) => {
    const socket =
      protocol === "https:"
        ? connect({ ...to, ca, servername: hostname, minVersion: "TLSv1.3", ...alpn(over) })
        : connectPlain(to)
    socket.once("error", reject)
    socket.once(protocol === "https:" ? "secureConnect" : "connect", () => resolve(socket))
  })
}

function alpn(over: Job["over"]): { ALPNProtocols?: string[] } {
  return over === "frames" ? { ALPNProtocols: ["keyhold/1"] } : {}
}

/** Sends the next request when an answer is complete and the schedule says so. */
function keepBusy(
  socket: Socket,
  {
    url,
    request,
    schedule,
  }: Pick<Job, "url"> & { readonly request: RequestParts; readonly schedule: Schedule },
): void {
  const bytes = requestBytes(new URL(url).host, request)
  const marks = counterOffsets(bytes)
  const reader = new AnswerReader()
  let dueAt = 0
  const send = (dueAtMs: number): void => {
    for (const at of marks) bytes.write(count(), at, "latin1")
    dueAt = dueAtMs
    // With a counter the bytes change before the next request, when this one has been answered.
    socket.write(bytes)
  }
  socket.on("data", (chunk: Buffer) => {
    if (!reader.push(chunk)) return
    latencies.push(performance.now() - dueAt)
    schedule.next(send)
  })
  socket.once("end", () => fail(new Error("the server has closed a connection")))
  schedule.next(send)
}

function count(): string {
  counter += 1
  return String(counter).padStart(counterMark.length, "0")
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

process.on("uncaughtException", fail)
process.once("message", (job: Job) => {
  run(job).then((measured) => process.send?.(measured), fail)
})
