/**
 * The load of `npm run bench -- quorum`, in a process of its own: an application asks for a
 * signature, its approvers read the statement and sign it, and the application fetches the result.
 */

import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"

import type { Request } from "../packages/sdk/src/api.generated.ts"
import { wordOn } from "../packages/sdk/src/approval.ts"
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
  let signatures: { readonly result: Request["result"]; readonly ms: number }[] = []
  const over = new AbortController()
  const keepAsking = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const before = performance.now()
      const result = await askAndApprove(user, approver, name, pems)
      signatures.push({ result, ms: performance.now() - before })
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
  for (const { result } of seen) {
    const { signature } = result as { readonly signature: string } // What `sign` answers.
    if (!verify("sha256", message, key, Buffer.from(signature, "base64"))) {
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

/** Throws when the last approval does not have it executed. */
async function askAndApprove(
  user: Keyhold,
  approver: Keyhold,
  key: string,
  pems: readonly string[],
): Promise<Request["result"]> {
  const asked = { operation: "sign", key, message: message.toString("base64") } as const
  const request = await user.requests.create(asked)
  const statement = statementOf(request)
  // One after the other, as people do.
  for (const pem of pems) {
    await approver.requests.speak(request.id, wordOn("approval", statement, { pem }))
  }
  const { state, result } = await user.requests.get(request.id)
  if (state !== "executed") throw new Error(`a request is ${state}`)
  return result
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
