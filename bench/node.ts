/** A development node of our own, with the keys that the cases use. */

import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"

import type { DevFile } from "../src/daemon/dev.ts"
import { counterMark, type RequestParts } from "./http.ts"
import type { Case, Work } from "./plan.ts"
import { cores, pinned, stop } from "./processes.ts"

const main = join(import.meta.dirname, "../src/daemon/main.ts")

/** A node that serves, and what a load needs to know of it. */
export interface BenchNode {
  readonly pid: number
  readonly url: string
  readonly ca: string
  /** PEM files of its listener, for the echo. */
  readonly certificate: string
  readonly certificateKey: string
  /** The request of one case. */
  request(work: Case): RequestParts
  close(): Promise<void>
}

/** Starts a node in a fresh folder, on the server's core, and prepares it. */
export async function startNode(nodeOptions: readonly string[] = []): Promise<BenchNode> {
  const data = mkdtempSync(join(tmpdir(), "keyhold-bench-"))
  const command = [process.execPath, ...nodeOptions, main, "dev", "--data", data, "--port", "0"]
  const child = spawn(...pinned(cores.server, command), { stdio: ["ignore", "pipe", "inherit"] })
  const close = async (): Promise<void> => {
    await stop(child)
    rmSync(data, { recursive: true })
  }
  try {
    await ready(child)
    // The node writes it in this form.
    const dev = JSON.parse(readFileSync(join(data, "dev.json"), "utf8")) as DevFile
    const { pid = 0 } = child
    const ca = readFileSync(dev.caFile, "utf8")
    const keys = await prepare(dev, ca)
    const tls = { certificate: join(data, "tls.crt"), certificateKey: join(data, "tls.key") }
    return { pid, url: dev.url, ca, ...tls, close, request: (work) => restRequest(dev, keys, work) }
  } catch (error) {
    await close()
    throw error
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

type Keys = Readonly<Record<"aes" | "p256" | "rsa", string>>

/** Quotas out of the way, and one key per kind; requests name them by id. */
async function prepare({ url, partition, tokens }: DevFile, ca: string): Promise<Keys> {
  const agent = new Agent({ keepAlive: true, ca })
  const call = (token: string | undefined, method: string, path: string, body: object) =>
    send({ agent, url: `${url}/api/v1${path}`, method, token, body })
  const quota = { keysMax: 10_000_000, operationsPerSecond: 10_000_000 }
  await call(tokens.operator, "PATCH", `/partitions/${partition}`, { quota })
  const create = async (name: string, algorithm: string): Promise<string> => {
    const key = await call(tokens.manager, "POST", "/keys", { name, algorithm })
    return String(key["id"])
  }
  const keys = {
    aes: await create("bench-aes", "AES_256"),
    p256: await create("bench-p256", "EC_P256"),
    rsa: await create("bench-rsa", "RSA_2048"),
  }
  agent.destroy()
  return keys
}

async function send(options: {
  readonly agent: Agent
  readonly url: string
  readonly method: string
  readonly token: string | undefined
  readonly body: object
}): Promise<Readonly<Record<string, unknown>>> {
  const { agent, url, method, token, body } = options
  const text = JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    "content-length": text.length,
  }
  return await new Promise((resolve, reject) => {
    const asked = request(url, { agent, method, headers }, (response) => {
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

interface Call {
  readonly operation: "encrypt" | "sign" | "createKey"
  /** The operation's path below /api/v1. */
  readonly path: string
  /** Where the item of a batch names the key. */
  readonly key?: string
  readonly body: object
}

function callOf(keys: Keys, work: Exclude<Work, "echo">): Call {
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
    case "sign-rsa":
      return sign(keys.rsa, { mechanism: "RSA_PKCS1_SHA_256" })
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
  if (work === "echo") {
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
