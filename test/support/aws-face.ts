/**
 * The AWS KMS face over real services in this process: no TLS and no signatures, time set by hand.
 */

import assert from "node:assert/strict"

import { accountIdOf } from "../../src/codec/account-id.ts"
import { encodeId } from "../../src/codec/id-text.ts"
import type { PartitionId } from "../../src/domain/ids.ts"
import type { PartitionFlags } from "../../src/domain/partition.ts"
import type { Caller, Grant, Role } from "../../src/domain/principal.ts"
import { createAwsKmsFace } from "../../src/faces/aws-kms/face.ts"
import { exceptions } from "../../src/faces/aws-kms/fault.ts"
import { systemRandom } from "../../src/daemon/system.ts"
import { createPrincipal } from "../../src/service/principals.ts"
import { contextOf, memoryStack, type Stack } from "./stack.ts"

export const homeRegion = "eu-central-1"

/** JSON of an answer, by AWS's names. */
export type Body = Readonly<Record<string, unknown>>

/** Who asks, and where; what is absent is a user and manager of the first partition, at home. */
export interface As {
  readonly region?: string
  readonly partition?: PartitionId
  readonly name?: string
  readonly roles?: readonly Role[]
  readonly caller?: Partial<Caller>
}

export interface AwsFace {
  readonly stack: Stack
  readonly partition: PartitionId
  readonly account: string
  /** Asks for what has to succeed. */
  ok(operation: string, input?: Body, as?: As): Promise<Body>
  /** Asks for what has to fail; answers `Exception: message`. */
  fault(operation: string, input?: Body, as?: As): Promise<string>
  /** Makes a key; answers its metadata. */
  createKey(input?: Body, as?: As): Promise<Key>
  /** A principal that there is; a user and manager unless it says otherwise. */
  person(name: string, roles?: readonly Role[], grants?: readonly Grant[]): Promise<Person>
  stop(): Promise<void>
}

/** A principal, as the face and services know him. */
export interface Person {
  readonly as: As
  readonly caller: Caller
  readonly arn: string
}

/** As much of KeyMetadata as tests use. */
export interface Key {
  readonly KeyId: string
  readonly Arn: string
  readonly KeyState: string
  readonly [name: string]: unknown
}

export async function awsFace(flags: Partial<PartitionFlags> = {}): Promise<AwsFace> {
  const { stack, partition } = await memoryStack(flags)
  const unexpected: unknown[] = []
  let caller = callerOf(partition, {})
  let region = homeRegion
  const face = createAwsKmsFace({
    ports: () => stack.ports,
    authenticate: async () => ({ caller, region }),
    onUnexpected: (error) => unexpected.push(error),
  })
  async function send(operation: string, input: Body, as: As) {
    caller = callerOf(as.partition ?? partition, as)
    region = as.region ?? homeRegion
    const reply = await face({
      method: "POST",
      path: "/",
      query: "",
      header: (name) => (name === "x-amz-target" ? `TrentService.${operation}` : undefined),
      body: Buffer.from(JSON.stringify(input)),
      requestId: encodeId(systemRandom.bytes(16)),
      peer: { address: "127.0.0.1" },
    })
    assert.deepEqual(unexpected, [], `${operation} has a bug`)
    const text = reply.body
    assert.ok(typeof text === "string")
    const body = (text === "" ? {} : JSON.parse(text)) as Body // The face answers objects.
    return { status: reply.status, body }
  }
  const ok: AwsFace["ok"] = async (operation, input = {}, as = {}) => {
    const { status, body } = await send(operation, input, as)
    assert.equal(status, 200, `${operation}: ${JSON.stringify(body)}`)
    return body
  }
  return {
    stack,
    partition,
    account: accountIdOf(partition),
    ok,
    async fault(operation, input = {}, as = {}) {
      const { status, body } = await send(operation, input, as)
      assert.notEqual(status, 200, `${operation}: ${JSON.stringify(body)}`)
      const { __type: name = "", message } = body as { __type?: string; message?: string }
      assert.ok(Object.hasOwn(exceptions, name), name)
      const row: { readonly status: number } = exceptions[name as keyof typeof exceptions]
      assert.equal(status, row.status)
      return message === undefined ? name : `${name}: ${message}`
    },
    async createKey(input = {}, as = {}) {
      return (await ok("CreateKey", input, as))["KeyMetadata"] as Key
    },
    async person(name, roles = ["user", "manager"], grants = []) {
      const officer = contextOf("officer", partition)
      const credential = { kind: "token" } as const
      const template = { name, roles, grants, credential }
      const { principal } = await createPrincipal(stack.ports, officer, template)
      const own = callerOf(partition, { name, roles, caller: { subject: principal.id, grants } })
      const arn = `arn:aws:iam::${accountIdOf(partition)}:user/${name}`
      return { as: { caller: own }, caller: own, arn }
    },
    async stop() {
      await stack.stop()
      await stack.cluster.remove()
    },
  }
}

function callerOf(
  partition: PartitionId,
  { name = "alice", roles = ["user", "manager"], caller = {} }: As,
): Caller {
  return {
    partition,
    subject: name,
    name,
    roles,
    grants: [],
    credential: "access-key",
    address: "127.0.0.1",
    ...caller,
  }
}

/** Bytes of a base64 member. */
export function bytesOf(member: unknown): Buffer {
  assert.ok(typeof member === "string")
  return Buffer.from(Uint8Array.fromBase64(member))
}

export function b64(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64")
}
