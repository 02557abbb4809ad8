/**
 * The load of `npm run bench -- quorum`, in a process of its own. In a request: an application asks
 * for a signature, its approvers read the statement and sign it, and the application fetches the
 * result. In a call: the application has it stamped, its approvers sign, and it makes the call.
 */

import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"

import { wordOn } from "../packages/sdk/src/approval.ts"
import * as calls from "../packages/sdk/src/calls.ts"
import { Keyhold } from "../packages/sdk/src/keyhold.ts"
import { statementOf } from "../packages/sdk/src/requests.ts"
import { cpuSeconds } from "./processes.ts"

/** What to do; comes as the first message. */
export interface QuorumJob {
  readonly url: string
  readonly ca: string
  readonly tokens: Readonly<Record<"user" | "manager" | "approver", string>>
  /** Of the key that is made for it: no two jobs share one. */
  readonly name: string
  /** How many approve; all of them have to. */
  readonly approvals: number
  /** `request`; `stamp`: a stamp and the call; `call`: what was stamped before the window. */
  readonly way: "request" | "stamp" | "call"
  /** Requests at once. */
  readonly inFlight: number
  readonly warmMs: number
  readonly measureMs: number
  readonly serverPid: number
}

/** What was seen in the window; goes back as a message. */
export interface QuorumMeasured {
  readonly signatures: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** From the asking to the result, of each; unordered. */
  readonly latenciesMs: readonly number[]
}

const message = Buffer.alloc(64, "keyhold")

async function run(job: QuorumJob): Promise<QuorumMeasured> {
  const { url, ca, tokens, name } = job
  const as = (token: string): Keyhold => new Keyhold({ url, ca, token, retries: 0 })
  const [user, approver] = [as(tokens.user), as(tokens.approver)]
  const approvers = Array.from({ length: job.approvals }, newApprover)
  await createKey(as(tokens.manager), name, approvers)
  const { publicKey } = await user.keys.publicKey(name)
  const spki = Buffer.from(publicKey, "base64")
  const key = createPublicKey({ key: spki, format: "der", type: "spki" })
  const pems = approvers.map(({ pem }) => pem)
  const about = { user, approver, key: name, pems }
  const stock = job.way === "call" ? await stockUp(about, job) : []
  let signatures: { readonly signature: Uint8Array; readonly ms: number }[] = []
  const over = new AbortController()
  const keepAsking = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const before = performance.now()
      let signature
      if (job.way === "request") {
        signature = await askAndApprove(about)
      } else {
        // The window ends when the stock does.
        const ready = job.way === "stamp" ? await stampAndApprove(about) : stock.pop()
        if (ready === undefined) return
        signature = await ready.make()
      }
      signatures.push({ signature, ms: performance.now() - before })
    }
  }
  const all = Promise.all(Array.from({ length: job.inFlight }, keepAsking))
  await Promise.race([all, pause(job.warmMs)])
  signatures = []
  const [from, cpuFrom] = [performance.now(), cpuSeconds(job.serverPid)]
  await Promise.race([all, pause(job.measureMs)])
  const seen = signatures.slice()
  const used = cpuSeconds(job.serverPid) - cpuFrom
  const seconds = (performance.now() - from) / 1_000
  over.abort()
  await all
  // After the window: verifying costs the load more than the node's answer.
  for (const { signature } of seen) {
    if (!verify("sha256", message, key, signature)) {
      throw new Error("a result is not the key's signature")
    }
  }
  const latenciesMs = seen.map(({ ms }) => ms)
  return { signatures: seen.length, seconds, cpuSeconds: used, latenciesMs }
}

interface Approver {
  readonly pem: string
  /** SPKI DER in base64. */
  readonly publicKey: string
}

function newApprover(): Approver {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  return {
    pem: privateKey.export({ format: "pem", type: "pkcs8" }),
    publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
  }
}

async function createKey(kh: Keyhold, name: string, approvers: readonly Approver[]): Promise<void> {
  const named = approvers.map(({ publicKey }, index) => ({
    kind: "public-key" as const,
    name: `approver ${index}`,
    publicKey,
  }))
  const groups = [{ name: "all", quorum: approvers.length, approvers: named }]
  const rules = { use: { tokens: [{ name: "day", groups }] } }
  await kh.call("createKey", { body: { name, algorithm: "EC_P256", rules } })
}

interface Asking {
  readonly user: Keyhold
  readonly approver: Keyhold
  readonly key: string
  /** Of all who have to approve. */
  readonly pems: readonly string[]
}

/** Throws when the last approval does not have it executed. */
async function askAndApprove({ user, approver, key, pems }: Asking): Promise<Uint8Array> {
  const asked = { operation: "sign", key, message: message.toString("base64") } as const
  const request = await user.requests.create(asked)
  const statement = statementOf(request)
  // One after the other, as people do.
  for (const pem of pems) {
    await approver.requests.speak(request.id, wordOn("approval", statement, { pem }))
  }
  const { state, result } = await user.requests.get(request.id)
  if (state !== "executed") throw new Error(`a request is ${state}`)
  const { signature } = result as { readonly signature: string } // What `sign` answers.
  return Buffer.from(signature, "base64")
}

/** A call that waits to be made, with its approvals. */
interface ReadyCall {
  readonly make: () => Promise<Uint8Array>
}

async function stampAndApprove({ user, key, pems }: Asking): Promise<ReadyCall> {
  const stamped = await user.requests.stamp(calls.sign(key, message))
  const approvals = pems.map((pem) => wordOn("approval", stamped.statement, { pem }))
  return { make: () => stamped.make(approvals) }
}

/** More than the node makes in the window, and in the time before it. */
const callsPerSecondMax = 2_000

async function stockUp(
  asking: Asking,
  { warmMs, measureMs, inFlight }: QuorumJob,
): Promise<ReadyCall[]> {
  const wanted = Math.ceil(((warmMs + measureMs) / 1_000) * callsPerSecondMax)
  const stock: ReadyCall[] = []
  while (stock.length < wanted) {
    const some = Array.from({ length: inFlight }, () => stampAndApprove(asking))
    stock.push(...(await Promise.all(some)))
  }
  return stock
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

process.on("uncaughtException", fail)
process.once("message", (job: QuorumJob) => {
  run(job).then((measured) => process.send?.(measured, () => process.exit(0)), fail)
})
