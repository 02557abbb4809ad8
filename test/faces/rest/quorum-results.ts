/** What services answer about rules and requests, in the face's tests. */

import {
  clusterPartition,
  instant,
  type KeyId,
  type PrincipalId,
  type RequestId,
} from "../../../src/domain/ids.ts"
import type { SmartKeyAttributes } from "../../../src/domain/key.ts"
import type { RequestRecord } from "../../../src/domain/request.ts"
import type { ApproverKey } from "../../../src/domain/rule.ts"
import type { Webhook } from "../../../src/domain/webhook.ts"
import type { InvitedRecord } from "../../../src/service/approvers.ts"
import type { InvitedApprover } from "../../../src/service/govern-commands.ts"
import type { RequestView, StampedCall } from "../../../src/service/quorum-commands.ts"

const id = "01k2v7x9q4m8w3r5t6y1z0a2bc" // An id by its form.
const at = instant(Date.UTC(2026, 10, 23, 9, 30))
const bytes = Uint8Array.of(1, 2, 3)

const approver: ApproverKey = {
  kind: "certificate",
  name: "Anna",
  fingerprint: "0".repeat(64),
  publicKey: bytes,
  chain: [bytes],
}

export const smart: SmartKeyAttributes = {
  rules: {
    use: {
      tokens: [
        {
          name: "day",
          timelockMs: 60_000,
          timeoutMs: 0,
          groups: [{ name: "finance", quorum: 1, approvers: [approver] }],
          hours: [{ days: ["Mon"], from: 510, to: 1_440, timeZone: "Europe/Zurich" }],
        },
      ],
    },
  },
  blocked: false,
}

export const requestView: RequestView = {
  request: {
    id: id as RequestId,
    partition: clusterPartition,
    operation: "key.sign",
    mechanism: "ECDSA_SHA_256",
    key: { id: id as KeyId, name: "orders", version: 1, fingerprint: "" },
    ruleHash: "0".repeat(64),
    nonce: bytes,
    stampedAt: at,
    expiresAt: at,
    state: "pending",
    requester: { subject: id, roles: ["user"], grants: [], address: "::1" },
    reason: "Invoice 4711",
    words: [
      {
        word: "approval",
        name: "Anna",
        fingerprint: "0".repeat(64),
        publicKey: bytes,
        at,
        mechanism: "ECDSA_SHA_256",
        signature: bytes,
      },
    ],
    dueAt: at,
    revision: 2,
  },
  parameters: [
    ["message", bytes],
    ["messageType", "message"],
    ["version", 1],
  ],
  approvers: [
    { name: "Anna", fingerprint: "0".repeat(64), publicKey: bytes, word: "approval" },
    { name: "Bo", fingerprint: "1".repeat(64), publicKey: bytes },
  ],
  verdict: {
    outcome: "pending",
    tokens: [
      { state: "open", missing: [{ group: "g", approvals: 1 }] },
      { state: "waiting", until: at },
      { state: "closed", why: "timeout" },
    ],
  },
  statement: bytes,
}

export async function* changes(): AsyncGenerator<RequestRecord | undefined> {
  yield undefined
  yield requestView.request
}

const stampedCall: StampedCall = {
  id,
  stamp: bytes,
  statement: bytes,
  stampedAt: at,
  expiresAt: at,
  parameters: [["key", id]],
  approvers: [{ name: "Anna", fingerprint: "0".repeat(64), publicKey: bytes }],
}

const webhook: Webhook = {
  id,
  url: "https://hooks.example.com/",
  events: ["created", "executed"],
  secret: bytes,
  createdAt: at,
  createdBy: id,
}

const invited: InvitedApprover = {
  code: "code",
  approver: {
    id: id as PrincipalId,
    partition: clusterPartition,
    name: "anna@example.com",
    roles: ["approver"],
    grants: [],
    addresses: [],
    state: "active",
    credentials: [],
    approver: { origin: "brought", invitation: { codeHash: bytes, expiresAt: at } },
    createdAt: at,
    revision: 1,
  },
}
const onboarded: InvitedRecord = {
  ...invited.approver,
  approver: {
    origin: "made",
    key: { kind: "public-key", name: "Anna", fingerprint: "0".repeat(64), publicKey: bytes },
  },
}

/** What services of calls, webhooks and approvers answer. */
export const callAnswers = {
  makeCall: {
    id,
    operation: "key.sign",
    result: { keyId: id, version: 1, mechanism: "ECDSA_SHA_256", signature: bytes },
  },
  stampCall: stampedCall,
  createApprover: invited,
  renewOneTimeCode: invited,
  listApprovers: [onboarded],
  deleteApprover: undefined,
  createWebhook: { webhook, secret: "whsec_x" },
  listWebhooks: [webhook],
  deleteWebhook: undefined,
  testWebhook: { delivered: true, status: 204 },
} as const
