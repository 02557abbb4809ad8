/** Calls that bring their approvals, over real records. */

import { createPublicKey, verify } from "node:crypto"

import type { Context } from "../../src/service/commands.ts"
import { makeCall } from "../../src/service/make-call.ts"
import type {
  BroughtApproval,
  MadeCall,
  MakeCallCommand,
  StampedCall,
} from "../../src/service/quorum-commands.ts"
import type { Ports } from "../../src/service/ports.ts"
import { publicKey } from "../../src/service/read-key.ts"
import type { RequestedCommand } from "../../src/service/requestable.ts"
import { stampCall } from "../../src/service/stamp-call.ts"
import { quorumOf, type TestApprover } from "../support/approvers.ts"
import { message, requestFixture, type RequestFixture } from "./request-fixture.ts"

/** A call that has been approved. */
export interface Ready extends MakeCallCommand {
  readonly stamped: StampedCall
}

export interface CallFixture extends RequestFixture {
  readonly ports: Ports
  readonly user: Context
  /** A key of which two of Anna, Bo and Cleo decide. */
  twoOfThree(times?: { timelockMs?: number; timeoutMs?: number }): Promise<string>
  stamp(asked: RequestedCommand, lifeMs?: number): Promise<StampedCall>
  /** Stamped, and approved by Anna and Bo. */
  ready(asked: RequestedCommand, lifeMs?: number): Promise<Ready>
  call(command: MakeCallCommand, as?: Context): Promise<MadeCall>
  /** True when it is the key's signature over `message`. */
  isSigned(key: string, result: object): Promise<boolean>
}

export async function callFixture(): Promise<CallFixture> {
  const on = await requestFixture()
  const { ports } = on.made.stack
  const user = on.made.as("user")
  const stamp: CallFixture["stamp"] = (asked, lifeMs) => stampCall(ports, user, { asked, lifeMs })
  return {
    ...on,
    ports,
    user,
    stamp,
    twoOfThree: (times = {}) => on.newKey({ use: quorumOf(2, [on.anna, on.bo, on.cleo], times) }),
    async ready(asked, lifeMs) {
      const stamped = await stamp(asked, lifeMs)
      const approvals = [on.anna, on.bo].map((one) => approvalOf(stamped, one))
      return { asked, stamp: stamped.stamp, approvals, stamped }
    },
    call: (command, as = user) => makeCall(ports, as, command),
    async isSigned(key, result) {
      const { publicKey: spki } = await publicKey(ports, user, { key })
      const pair = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
      const { signature } = result as { signature: Uint8Array } // What `sign` answers.
      return verify("sha256", message, pair, signature)
    },
  }
}

export function signing(key: string, changed: object = {}): RequestedCommand {
  return { operation: "key.sign", parameters: { key, message, ...changed } }
}

export function approvalOf(
  { statement }: StampedCall,
  { publicKey: spki, mechanism, sign }: TestApprover,
): BroughtApproval {
  return { publicKey: spki, mechanism, signature: sign(statement) }
}

/** What is told of approvals that were used. */
export const used = { code: "CONFLICT", message: /have been used/ }
/** What is told of a stamp that is on something else. */
export const notThis = { code: "MALFORMED_REQUEST", detail: { field: "/stamp" } }
