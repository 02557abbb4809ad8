/** Approvers as the TSB dialect knows them: node:crypto's keys, nothing of ours. */

import assert from "node:assert/strict"

import type { TestApprover } from "./approvers.ts"
import { b64, bytesOf, type As, type Body, type TsbFace } from "./tsb-face.ts"

/** A policy's rule of one token with one group. */
export function ruleOf(
  quorum: number,
  approvers: readonly TestApprover[],
  times: { readonly timelock?: number; readonly timeout?: number } = {},
): Body {
  const { timelock = 0, timeout = 0 } = times
  const approvals = approvers.map(({ name, publicKey }) => ({
    type: "public_key",
    name,
    value: b64(publicKey),
  }))
  const groups = [{ name: "group", quorum, approvals }]
  return { tokens: [{ name: "token", timelock, timeout, groups }] }
}

/** Digest names by mechanism. */
const digests: Readonly<Record<string, string>> = {
  ECDSA_SHA_256: "SHA-256",
  ECDSA_SHA_384: "SHA-384",
  RSA_PKCS1_SHA_256: "SHA-256",
  ED25519: "EdDSA",
}

/** The approver holds his key at this moment. */
export function proofOf(who: TestApprover, at: number, timestamp = new Date(at).toISOString()) {
  return {
    timestamp,
    timestampSignature: b64(who.sign(Buffer.from(timestamp))),
    approverPublicKey: b64(who.publicKey),
    approverCertificate: null,
    timestampSigningCertificate: null,
    timestampDigestAlgorithm: digests[who.mechanism],
  }
}

/** What he sends to approve a task. */
export function approvalOf(who: TestApprover, { id, approvalToBeSigned }: Body): Body {
  return {
    id,
    approvalToBeSigned,
    signature: b64(who.sign(bytesOf(approvalToBeSigned))),
    approvalDigestAlgorithm: digests[who.mechanism],
    approverPublicKey: b64(who.publicKey),
    approverCertificate: null,
  }
}

/** The tasks that wait for an approver. */
export async function tasksOf(
  on: TsbFace,
  who: TestApprover,
  filter: Body = {},
  as: As = {},
): Promise<readonly Body[]> {
  const proof = proofOf(who, on.stack.clock.now())
  const { tasks } = await on.ok("POST /filteredAllApprovalTask", { ...proof, ...filter }, as)
  assert.ok(Array.isArray(tasks))
  return tasks as readonly Body[] // The face answers objects.
}

/** The one task of a request that waits for an approver. */
export async function taskOf(on: TsbFace, who: TestApprover, requestId: unknown): Promise<Body> {
  const [task, ...others] = await tasksOf(on, who, { requestId })
  assert.ok(task !== undefined && others.length === 0)
  return task
}
