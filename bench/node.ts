/** A development node of our own, with the keys that the cases use. */

import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request, type RequestOptions } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { DevFile } from "../src/daemon/dev.ts"
import { counterMark, type RequestParts } from "./http.ts"
import type { FrameCall } from "./frame-load.ts"
import type { Job } from "./load.ts"
import { isCeiling, type Case, type NodeWork } from "./plan.ts"
import { cores, pinned, stop } from "./processes.ts"

const main = join(import.meta.dirname, "../src/daemon/main.ts")

/** A node that serves, and what a load needs to know of it. */
export interface BenchNode {
  readonly pid: number
  readonly url: string
  readonly ca: string
  /** How other dialects reach it. */
  readonly dev: DevFile
  /** PEM files of its listener, for the echo. */
  readonly certificate: string
  readonly certificateKey: string
  /** What one case asks, of an HTTP server or in frames. */
  ask(work: Case): Pick<Job, "request" | "call">
  /** From the start of the process to its line. */
  readonly readyMs: number
  token(role: "user" | "manager"): string
  /** One call of the API; throws on an error. */
  call(
    role: "user" | "manager",
    method: string,
    path: string,
    body?: object,
  ): Promise<Readonly<Record<string, unknown>>>
  /** Sends one request as it is; throws on an error. */
  once(request: RequestParts): Promise<Readonly<Record<string, unknown>>>
  /** A request of another partition, that signs with RSA-4096. */
  flood(): Promise<RequestParts>
  /** Stops the process and starts it again on the same data. */
  restart(): Promise<BenchNode>
  close(): Promise<void>
}

export interface NodeOptions {
  readonly nodeOptions?: readonly string[]
  readonly workers?: number
  /** Where its data lies; a file system in memory has nothing to sync. */
  readonly folder?: string
  /** On all cores instead of the server's. */
  readonly everywhere?: boolean
}

/** Starts a node in a fresh folder, on the server's core, and prepares it. */
export async function startNode(options: NodeOptions = {}): Promise<BenchNode> {
  return await start(mkdtempSync(join(options.folder ?? tmpdir(), "keyhold-bench-")), options)
}

async function start(data: string, options: NodeOptions, known?: Keys): Promise<BenchNode> {
  const { nodeOptions = [], workers = 0, everywhere = false } = options
  const flags = ["--data", data, "--port", "0", "--workers", String(workers)]
  const command = [process.execPath, ...nodeOptions, main, "dev", ...flags]
  const [program, ...args] = everywhere ? command : pinned(cores.server, command).flat()
  const startedAt = performance.now()
  const child = spawn(program ?? "", args, { stdio: ["ignore", "pipe", "inherit"] })
  const close = async (): Promise<void> => {
    await stop(child)
    rmSync(data, { recursive: true })
  }
  try {
    await ready(child)
    const readyMs = performance.now() - startedAt
    // The node writes it in this form.
    const dev = JSON.parse(readFileSync(join(data, "dev.json"), "utf8")) as DevFile
    const ca = readFileSync(dev.caFile, "utf8")
    const keys = known ?? (await prepare(dev, ca))
    return {
      pid: child.pid ?? 0,
      url: dev.url,
      ca,
      dev,
      certificate: join(data, "tls.crt"),
      certificateKey: join(data, "tls.key"),
      readyMs,
      token: (role) => dev.tokens[role] ?? "",
      call: (role, method, path, body) => callOnce(dev, ca, dev.tokens[role], method, path, body),
      once: ({ path, method, headers, body }) =>
        receive(`${dev.url}${path}`, { agent: new Agent({ ca }), method, headers }, body),
      flood: () => floodOf(dev, ca),
      ask: (one) =>
        one.over === "frames"
          ? { call: frameCall(dev, keys, one) }
          : { request: restRequest(dev, keys, one) },
      restart: async () => {
        await stop(child)
        return await start(data, options, keys)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function callOnce(
  { url }: DevFile,
  ca: string,
  token: string | undefined,
  method: string,
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const agent = new Agent({ ca })
  return await send({ agent, url: `${url}/api/v1${path}`, method, token, body })
}

/** Another partition with a key of its own. */
async function floodOf(dev: DevFile, ca: string): Promise<RequestParts> {
  const ask = (token: string | undefined, path: string, body: object) =>
    callOnce(dev, ca, token, "POST", path, body)
  const quota = { keysMax: 10, operationsPerSecond: 10_000_000 }
  const made = await ask(dev.tokens.operator, "/partitions", { name: "flood", quota })
  const tokenOf = async (role: string): Promise<string> => {
    const body = { name: role, roles: [role], credential: { kind: "token" } }
    return String((await ask(String(made["token"]), "/principals", body))["token"])
  }
  const key = await ask(await tokenOf("manager"), "/keys", { name: "rsa", algorithm: "RSA_4096" })
  return {
    method: "POST",
    path: `/api/v1/keys/${String(key["id"])}/sign`,
    headers: { authorization: `Bearer ${await tokenOf("user")}` },
    body: JSON.stringify({ message: sample, mechanism: "RSA_PKCS1_SHA_256" }),
  }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (text.includes("Keyhold is ready at")) resolve()
    })
    child.once("exit", (code) => reject(new Error(`the node has ended with ${String(code)}`)))
  })
}

type Keys = Readonly<Record<"aes" | "p256" | "rsa" | "rsa3072" | "ed25519" | "mlDsa", string>> & {
  /** Of the RSA-2048 key, by OAEP. */
  readonly wrapped: string
}

/** Quotas out of the way, and one key per kind; requests name them by id. */
async function prepare({ url, partition, tokens }: DevFile, ca: string): Promise<Keys> {
  const agent = new Agent({ keepAlive: true, ca })
  const call = (token: string | undefined, method: string, path: string, body: object) =>
    send({ agent, url: `${url}/api/v1${path}`, method, token, body })
  const quota = { keysMax: 10_000_000, operationsPerSecond: 10_000_000 }
  await call(tokens.operator, "PATCH", `/partitions/${partition}`, { quota })
  const create = async (name: string, algorithm: string, usages?: string[]): Promise<string> => {
    const body = { name, algorithm, ...(usages === undefined ? {} : { usages }) }
    const key = await call(tokens.manager, "POST", "/keys", body)
    return String(key["id"])
  }
  const keys = {
    aes: await create("bench-aes", "AES_256"),
    p256: await create("bench-p256", "EC_P256"),
    rsa: await create("bench-rsa", "RSA_2048"),
    rsa3072: await create("bench-rsa-3072", "RSA_3072"),
    ed25519: await create("bench-ed25519", "ED25519"),
    mlDsa: await create("bench-ml-dsa", "ML_DSA_65"),
    wrapped: "",
  }
  const oaep = await create("bench-oaep", "RSA_2048", ["encrypt", "decrypt"])
  const sealed = await call(tokens.user, "POST", `/keys/${oaep}/encrypt`, { plaintext: sample })
  agent.destroy()
  return { ...keys, wrapped: String(sealed["ciphertext"]) }
}

async function send(options: {
  readonly agent: Agent
  readonly url: string
  readonly method: string
  readonly token: string | undefined
  readonly body?: object | undefined
}): Promise<Readonly<Record<string, unknown>>> {
  const { agent, url, method, token, body } = options
  const text = body === undefined ? "" : JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    "content-length": text.length,
  }
  return await receive(url, { agent, method, headers }, text)
}

async function receive(
  url: string,
  options: RequestOptions,
  text: string,
): Promise<Readonly<Record<string, unknown>>> {
  return await new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      const pieces: Buffer[] = []
      response.on("data", (piece: Buffer) => pieces.push(piece))
      response.on("end", () => {
        const answer = Buffer.concat(pieces).toString("utf8")
        if (response.statusCode !== 200 && response.statusCode !== 201) reject(new Error(answer))
        // Every answer of the API that is no error is an object.
        else resolve(JSON.parse(answer) as Record<string, unknown>)
      })
    })
    asked.on("error", reject)
    asked.end(text)
  })
}

const sample = Buffer.alloc(64, "keyhold").toString("base64")
const digest = Buffer.alloc(32, "keyhold").toString("base64")

interface Call {
  readonly operation: "encrypt" | "decrypt" | "sign" | "createKey"
  /** The operation's path below /api/v1. */
  readonly path: string
  /** Where the item of a batch names the key. */
  readonly key?: string
  readonly body: object
}

function callOf(keys: Keys, work: NodeWork): Call {
  const encrypt = (mechanism: string): Call => ({
    operation: "encrypt",
    path: `/keys/${keys.aes}/encrypt`,
    key: keys.aes,
    body: { plaintext: sample, mechanism },
  })
  switch (work) {
    case "encrypt-xaes":
      return encrypt("XAES_256_GCM")
    case "encrypt-gcm":
      return encrypt("AES_GCM")
    case "sign-p256":
      return sign(keys.p256, {})
    case "sign-p256-digest":
      return sign(keys.p256, { message: digest, messageType: "digest" })
    case "sign-rsa":
      return sign(keys.rsa, { mechanism: "RSA_PKCS1_SHA_256" })
    case "sign-rsa-3072":
      return sign(keys.rsa3072, { mechanism: "RSA_PKCS1_SHA_256" })
    case "sign-ed25519":
      return sign(keys.ed25519, {})
    case "sign-ml-dsa-65":
      return sign(keys.mlDsa, {})
    case "decrypt-oaep":
      return { operation: "decrypt", path: "/decrypt", body: { ciphertext: keys.wrapped } }
    case "create": {
      const body = { name: `bench-${counterMark}`, algorithm: "AES_256" }
      return { operation: "createKey", path: "/keys", body }
    }
  }
}

function sign(key: string, body: object): Call {
  const path = `/keys/${key}/sign`
  return { operation: "sign", path, key, body: { message: sample, ...body } }
}

function restRequest({ tokens }: DevFile, keys: Keys, { work, items }: Case): RequestParts {
  const token = work === "create" ? tokens.manager : tokens.user
  const headers = { authorization: `Bearer ${token}` }
  if (isCeiling(work)) {
    const body = JSON.stringify({ plaintext: sample, mechanism: "XAES_256_GCM" })
    return { method: "POST", path: "/echo", headers, body }
  }
  const { operation, path, key, body } = callOf(keys, work)
  if (items === 1) {
    return { method: "POST", path: `/api/v1${path}`, headers, body: JSON.stringify(body) }
  }
  const item = { operation, ...(key === undefined ? {} : { key }), ...body }
  const operations = Array.from({ length: items }, () => item)
  return { method: "POST", path: "/api/v1/batch", headers, body: JSON.stringify({ operations }) }
}

/** The same in frames. */
function frameCall({ tokens }: DevFile, keys: Keys, { work, inFlight }: Case): FrameCall {
  const message = Buffer.from(sample, "base64")
  const call =
    work === "sign-p256"
      ? { kind: 4, fields: { key: keys.p256, message } }
      : { kind: 1, fields: { key: keys.aes, mechanism: "XAES_256_GCM", plaintext: message } }
  return { bearer: tokens.user ?? "", inFlight, ...call }
}
