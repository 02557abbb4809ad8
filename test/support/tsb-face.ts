/** The TSB face over real services in this process: no TLS and no tokens, time set by hand. */

import assert from "node:assert/strict"

import { encodeId } from "../../src/codec/id-text.ts"
import { systemRandom } from "../../src/daemon/system.ts"
import { HsmError } from "../../src/domain/errors.ts"
import type { PartitionId } from "../../src/domain/ids.ts"
import type { PartitionFlags } from "../../src/domain/partition.ts"
import type { Caller, Role } from "../../src/domain/principal.ts"
import { createTsbFace } from "../../src/faces/tsb/face.ts"
import { memoryStack, newPartition, type Stack } from "./stack.ts"
import { checkAnswer } from "./tsb-schemas.ts"

/** JSON of an answer. */
export type Body = Readonly<Record<string, unknown>>

/** Who asks: by these roles of the first partition when nothing else is said. */
export interface As {
  readonly roles?: readonly Role[]
  readonly partition?: PartitionId
  readonly name?: string
  /** Headers; an API key `nobody` is nobody's. */
  readonly headers?: Readonly<Record<string, string>>
  /** In front of `/v1`. */
  readonly base?: string
}

export interface TsbFace {
  readonly stack: Stack
  readonly partition: PartitionId
  readonly other: PartitionId
  /** Asks, `POST /key` and so on. */
  send(route: string, body?: unknown, as?: As): Promise<{ status: number; body: Body }>
  /** Asks for what has to succeed. */
  ok(route: string, body?: unknown, as?: As): Promise<Body>
  /** Asks for what has to fail; answers status and number, `404 650`. */
  fault(route: string, body?: unknown, as?: As): Promise<string>
  stop(): Promise<void>
}

function bytesToSend(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body ?? null))
}

const everything: readonly Role[] = ["user", "manager", "approver", "auditor", "officer"]

export async function tsbFace(flags: Partial<PartitionFlags> = {}): Promise<TsbFace> {
  const { stack, partition } = await memoryStack(flags)
  const other = await newPartition(stack, "b", { flags })
  const unexpected: unknown[] = []
  let now: As = {}
  const face = createTsbFace({
    ports: () => stack.ports,
    authenticate: async ({ bearer, partitionHint }) => {
      if (bearer === "nobody") throw new HsmError("UNAUTHENTICATED", "no")
      return callerOf((partitionHint ?? now.partition ?? partition) as PartitionId, now)
    },
    version: "0.1.0",
    onUnexpected: (error) => unexpected.push(error),
  })
  const send: TsbFace["send"] = async (route, body, as = {}) => {
    now = as
    const [method = "", path = ""] = route.split(" ")
    const headers: Readonly<Record<string, string>> = as.headers ?? { "x-api-key": "somebody" }
    const reply = await face({
      method,
      path: `${as.base ?? ""}/v1${path}`,
      query: "",
      header: (name) => headers[name],
      body: bytesToSend(body),
      requestId: encodeId(systemRandom.bytes(16)),
      peer: { address: "127.0.0.1" },
    })
    assert.deepEqual(unexpected, [], `${route} has a bug`)
    assert.ok(typeof reply.body === "string" || reply.body instanceof Uint8Array)
    const type = reply.headers["content-type"] ?? ""
    const isFile = type !== "application/json"
    const text = Buffer.from(reply.body).toString("latin1")
    const answered = (isFile ? { type, file: reply.body } : JSON.parse(text)) as Body
    checkAnswer(route, reply.status, isFile ? text : answered, type)
    return { status: reply.status, body: answered }
  }
  return {
    stack,
    partition,
    other,
    send,
    async ok(route, body, as) {
      const answer = await send(route, body, as)
      assert.ok(answer.status < 300, `${route}: ${JSON.stringify(answer.body)}`)
      return answer.body
    },
    async fault(route, body, as) {
      const answer = await send(route, body, as)
      assert.ok(answer.status >= 400, `${route}: ${JSON.stringify(answer.body)}`)
      const { errorCode, reason, message, ...rest } = answer.body
      assert.deepEqual(rest, {})
      assert.ok(typeof message === "string" && message !== "")
      assert.match(String(reason), /^res\.error\.[a-z.]+$/)
      return `${answer.status} ${String(errorCode)}`
    },
    async stop() {
      await stack.stop()
      await stack.cluster.remove()
    },
  }
}

function callerOf(partition: PartitionId, { roles = everything, name = "app" }: As): Caller {
  return {
    partition,
    subject: name,
    name,
    roles,
    grants: [],
    credential: "token",
    address: "127.0.0.1",
  }
}

export const b64 = (text: string | Uint8Array): string => Buffer.from(text).toString("base64")

/** Bytes of a base64 member. */
export function bytesOf(member: unknown): Buffer {
  assert.ok(typeof member === "string")
  return Buffer.from(Uint8Array.fromBase64(member))
}

/** A key's attributes as clients send them: every field, most of them null. */
export const signs = {
  encrypt: null,
  decrypt: false,
  verify: null,
  sign: true,
  wrap: null,
  unwrap: false,
  derive: false,
  bip32: false,
  slip10: false,
  extractable: false,
  modifiable: true,
  destroyable: true,
  sensitive: true,
  copyable: false,
} as const

export const p256 = { algorithm: "EC", curveOid: "1.2.840.10045.3.1.7" } as const
