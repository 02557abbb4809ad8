/** What each route is for and answers with: the half of the OpenAPI document that no code reads. */

import type { Schema } from "../shapes.ts"
import type { routes } from "./routes.ts"
import type { absent } from "./routes/absent.ts"

export interface About {
  readonly summary: string
  /** Where it is a file, not JSON. */
  readonly mediaType?: string
  readonly answer: Schema
}
type Served = Exclude<keyof typeof routes, keyof typeof absent>

const text: Schema = { type: "string" }
const bytes: Schema = { type: "string", contentEncoding: "base64" }
const flag: Schema = { type: "boolean" }
const count: Schema = { type: "integer", minimum: 0 }
const time: Schema = { type: "string", format: "date-time" }
const nothing = closed({})

/** An object with these members and no others. */
function closed(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: "object", properties, required, additionalProperties: false } satisfies Schema
}

function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] }
}

function listOf(items: Schema): Schema {
  return { type: "array", items }
}

const approval = closed({ type: text, name: text, value: bytes })
const group = closed({ name: text, quorum: count, approvals: listOf(approval) })
const token = closed({ name: text, timelock: count, timeout: count, groups: listOf(group) })
const rule = orNull(closed({ tokens: listOf(token) }))
const policy = closed({
  ruleUse: rule,
  ruleBlock: rule,
  ruleUnblock: rule,
  ruleModify: rule,
  keyStatus: closed({ blocked: flag }),
})
const attributes = closed({
  decrypt: flag,
  sign: flag,
  ekaSign: orNull(flag),
  unwrap: flag,
  derive: flag,
  sensitive: flag,
  alwaysSensitive: flag,
  extractable: flag,
  neverExtractable: flag,
  modifiable: flag,
  copyable: flag,
  destroyable: flag,
})
const optionalOfKey = [
  "uuid",
  "curveOid",
  "derivedAttributes",
  "keySize",
  "keyUsageCount",
  "createTime",
  "attestTime",
  "addressTruncated",
  "attributes",
  "policy",
]
/** Signed by the partition's integrity key, which has no more than its own name and half. */
const key = closed({
  xml: text,
  json: closed(
    {
      label: text,
      id: { type: "null" },
      uuid: text,
      algorithm: text,
      algorithmOid: text,
      curveOid: orNull(text),
      derivedAttributes: orNull(
        closed({ derivationType: text, derivationValue: { type: "null" } }),
      ),
      keySize: orNull(count),
      keyUsageCount: count,
      createTime: time,
      attestTime: time,
      publicKey: orNull(bytes),
      addressTruncated: { type: "null" },
      attributes,
      policy: orNull(policy),
    },
    optionalOfKey,
  ),
  xmlSignature: bytes,
  attestationKeyName: text,
})
const plainKey = closed({
  privateKey: orNull(bytes),
  publicKey: orNull(bytes),
  secretKey: orNull(bytes),
})
const states = ["PENDING", "APPROVED", "EXECUTED", "FAILED", "EXPIRED", "REJECTED", "CANCELLED"]
const status = closed({
  id: text,
  status: { type: "string", enum: states },
  executionTime: orNull(time),
  approvedBy: listOf(bytes),
  notYetApprovedBy: listOf(bytes),
  rejectedBy: listOf(bytes),
  // Bytes, or the PEM of a certificate or of a request for one.
  result: orNull(text),
})
/** Each level has the members of those below it. */
const tasks = closed({
  tasks: listOf({
    type: "object",
    properties: {
      detailLevel: text,
      id: text,
      approvalToBeSigned: bytes,
      approverPublicKey: bytes,
      payload: orNull(bytes),
      payloadType: orNull(text),
      requestBase64: bytes,
      timestamp: bytes,
      timestampSignature: bytes,
      timestampSignatureAlgorithm: text,
      timestampSignatureWithAlgorithm: bytes,
      keyAttributes: orNull(text),
      keyAttributesSignature: orNull(bytes),
      requestStatus: status,
    },
    required: ["detailLevel", "id", "approvalToBeSigned", "approverPublicKey"],
  }),
})
const waiting = (what: string): About => ({
  summary: `List the ${what} that wait for an approver's key`,
  answer: tasks,
})
/** Both in PEM. */
const certificate = closed({ label: text, certificate: text })
const signing = closed({ signRequestId: text })
const invitation = closed({ oneTimeCode: text })
const random: About = { summary: "Random bytes", answer: closed({ random: bytes }) }

/** By method and path, as in routes.ts: the compiler names what is missing. */
/** An answer that is a file's bytes. */
function file(summary: string): About {
  const schema = { type: "string", contentMediaType: "application/octet-stream" }
  return { summary, mediaType: "application/octet-stream", answer: schema }
}

/** Of `/hsm/log`. */
const log: About = {
  summary: "The partition's newest records, one line of JSON each",
  answer: closed({ log: text }),
}

export const answers = {
  "POST /importedKey": { summary: "Import a seed, from which others are derived", answer: key },
  "POST /derivedKey": { summary: "Keep a child of a seed as a key of its own", answer: key },
  "POST /wrap": {
    summary: "Export a key, wrapped under one that officers trust",
    answer: closed({ wrappedKey: bytes }),
  },
  "POST /unwrap": {
    summary: "Ask to import a wrapped key",
    answer: closed({ unwrapRequestId: text }),
  },
  "POST /synchronousUnwrap": { summary: "Import a wrapped key at once", answer: nothing },
  "GET /certificate/{}": { summary: "The newest certificate beside a key", answer: certificate },
  "DELETE /certificate/{}": { summary: "Delete every certificate beside a key", answer: nothing },
  "POST /certificate/import/plain": {
    summary: "Keep a certificate beside its key",
    answer: certificate,
  },
  "POST /certificate/synchronous/selfsign": {
    summary: "Certify a key by itself; kept beside it where the caller is a manager",
    answer: certificate,
  },
  "POST /certificate/synchronous/request": {
    summary: "Make a request for a certificate",
    answer: closed({ label: text, certificateSigningRequest: text }),
  },
  "POST /certificate/synchronous/request/download": {
    summary: "Make a request for a certificate, as a file",
    answer: text,
    mediaType: "application/x-pem-file",
  },
  "POST /certificate/synchronous/sign": {
    summary: "Issue a certificate for a request",
    answer: certificate,
  },
  "POST /certificate/selfsign": { summary: "Ask to certify a key by itself", answer: signing },
  "POST /certificate/request": { summary: "Ask for a request for a certificate", answer: signing },
  "POST /certificate/sign": { summary: "Ask to issue a certificate", answer: signing },
  "POST /key": { summary: "Make a key", answer: key },
  "GET /key": { summary: "List the labels of all keys", answer: listOf(text) },
  "POST /key/attributes": { summary: "Describe a key, or a child of one by its path", answer: key },
  "GET /key/{}/attributes": { summary: "Describe a key", answer: key },
  "POST /key/address": {
    summary: "The base of an address: 20 bytes of a hash of the public key",
    answer: closed({ address: bytes }),
  },
  "GET /key/{}/address": { summary: "The base of an address", answer: closed({ address: bytes }) },
  "POST /key/export/plain": { summary: "Export a key in the clear", answer: plainKey },
  "POST /key/import/plain": { summary: "Import a key that comes in the clear", answer: key },
  "POST /key/changePassword": { summary: "Always refused: keys have rules", answer: nothing },
  "POST /key/deleteKey": { summary: "Delete a key", answer: nothing },
  "DELETE /key/{}": { summary: "Delete a key", answer: nothing },
  "POST /synchronousSign": { summary: "Sign at once", answer: closed({ signature: bytes }) },
  "POST /verify": {
    summary: "Verify a signature or a keyed hash",
    answer: closed({ signatureValid: flag }),
  },
  "POST /synchronousHmac": {
    summary: "Make a keyed hash",
    answer: closed({ keyedHash: bytes }),
  },
  "POST /encrypt": {
    summary: "Encrypt",
    answer: closed({
      encryptedPayload: bytes,
      encryptedPayloadWithoutMessageAuthenticationCode: bytes,
      initializationVector: orNull(bytes),
      messageAuthenticationCode: orNull(bytes),
    }),
  },
  "POST /synchronousDecrypt": { summary: "Decrypt at once", answer: closed({ payload: bytes }) },
  "POST /synchronousBlock": { summary: "Block a key at once", answer: nothing },
  "POST /synchronousUnblock": { summary: "Unblock a key at once", answer: nothing },
  "POST /synchronousModify": { summary: "Change a key's rules at once", answer: nothing },
  "POST /sign": {
    summary: "Ask for a signature",
    answer: closed({ signRequestId: text }),
  },
  "POST /decrypt": {
    summary: "Ask for a decryption",
    answer: closed({ decryptRequestId: text }),
  },
  "POST /block": { summary: "Ask to block a key", answer: closed({ blockKeyRequestId: text }) },
  "POST /unblock": {
    summary: "Ask to unblock a key",
    answer: closed({ unblockKeyRequestId: text }),
  },
  "POST /modify": {
    summary: "Ask to change a key's rules",
    answer: closed({ modifyKeyRequestId: text }),
  },
  "GET /request/{}": { summary: "What became of a request", answer: status },
  "DELETE /request/{}": { summary: "Take a request back", answer: status },
  "POST /filteredRequests": {
    summary: "List requests by their status",
    answer: closed({
      requests: listOf(
        closed({ id: text, status: { type: "string", enum: states }, creationTime: time }),
      ),
    }),
  },
  "POST /filteredSignApprovalTask": waiting("signatures"),
  "POST /filteredDecryptApprovalTask": waiting("decryptions"),
  "POST /filteredUnwrapKeyApprovalTask": waiting("unwrappings"),
  "POST /filteredBlockKeyApprovalTask": waiting("blocks"),
  "POST /filteredUnblockKeyApprovalTask": waiting("unblocks"),
  "POST /filteredModifyKeyApprovalTask": waiting("changes of rules"),
  "POST /filteredAllApprovalTask": waiting("requests"),
  "POST /approval": { summary: "Approve: a signature over the token of a task", answer: nothing },
  "PATCH /task": { summary: "Reject a task", answer: nothing },
  "POST /approverManagement/create": {
    summary: "Invite an approver: with backupPassword to a key that is made for him",
    answer: invitation,
  },
  "POST /approverManagement/renewOneTimeCode": {
    summary: "Replace the one-time code of an approver who has not onboarded",
    answer: invitation,
  },
  "GET /approverManagement/onboarding/status": {
    summary: "List approvers, with their keys and without",
    answer: closed({
      onboarded: listOf(
        closed({
          approverName: text,
          approverCertificate: orNull(bytes),
          approverPublicKey: bytes,
          fingerprint: text,
          keySeenByServer: flag,
        }),
      ),
      pending: listOf(closed({ approverName: text, expirationTime: time })),
    }),
  },
  "DELETE /approverManagement/delete/{}": {
    summary: "Delete an approver; rules keep his key",
    answer: nothing,
  },
  "POST /approver/onboard": {
    summary: "Onboard by one-time code: bring a key by certificateSigningRequest, or be handed one",
    answer: closed(
      {
        encryptedPayload: orNull(bytes),
        initializationVector: orNull(bytes),
        fingerprint: text,
      },
      ["fingerprint"],
    ),
  },
  "GET /versionInfo": {
    summary: "The software's version",
    answer: closed({ Version: text, Vendor: text }),
  },
  "GET /licenseInfo": {
    summary: "What clients ask for before they use it",
    answer: closed({ clientFlags: listOf(text) }),
  },
  "POST /fileEncrypt": file("Encrypt a file to a key on an elliptic curve that derives"),
  "POST /synchronousFileDecrypt": file("Open a file that was encrypted to a key"),
  "POST /dataObject": { summary: "Keep a data object, at most 64 KiB", answer: nothing },
  "GET /dataObject/{}": {
    summary: "Read a data object",
    answer: closed({
      name: text,
      value: bytes,
      attributes: closed({ private: flag, modifiable: flag, destroyable: flag }),
    }),
  },
  "DELETE /dataObject/{}": { summary: "Delete a data object", answer: nothing },
  "GET /hsm/log": log,
  "GET /hsm/log/{}": log,
  "GET /keystore/statistics": {
    summary: "How much the partition holds, as text",
    answer: closed({ keyStoreStatistics: text }),
  },
  "POST /createRfcTimestamp": {
    summary: "Stamp a payload (RFC 3161) by the key that the partition names for it",
    answer: closed({ timestamp: bytes }),
  },
  "POST /generateRandom/{}": random,
  "GET /generateRandom/{}": random,
} as const satisfies Readonly<Record<Served, About>>
