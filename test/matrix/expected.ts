/**
 * Who may do what, typed by hand from the issue and the API's description, one row per operation of
 * api/openapi.yaml. Nothing here is taken from src/: that makes the comparison worth something.
 */

export type Role =
  | "user"
  | "manager"
  | "approver"
  | "auditor"
  | "officer"
  | "operator"
  | "cluster-officer"

/** Callers of the matrix: every role, nobody, and a token that was revoked. */
export const callers = [
  "user",
  "manager",
  "approver",
  "auditor",
  "officer",
  "operator",
  "cluster-officer",
  "nobody",
  "revoked",
] as const
export type CallerName = (typeof callers)[number]

/** What a caller is told about an object that is not there, or not his. */
export interface Hidden {
  readonly status: number
  readonly code: string
  /** `everyone`: before his role is looked at. `permitted`: others are refused for their role. */
  readonly from: "everyone" | "permitted"
}

export interface Row {
  /** Roles that may; `world`: everybody, without a credential, also while sealed. */
  readonly may: readonly Role[] | "world"
  /** The status of success. */
  readonly ok: number
  /** For operations on one object. */
  readonly hidden?: Hidden
  /** The object lies in any partition: the cluster's operators reach them all. */
  readonly reach?: "cluster"
  /** In a blocked partition; otherwise refused. */
  readonly blocked?: "works"
  /** In a read-only partition; otherwise works. */
  readonly readOnly?: "refused"
  /** Success uses the object up. */
  readonly spends?: "keys" | "request" | "call" | "principal" | "issuer" | "webhook" | "approver"
  /** The status in a sealed node; otherwise 503 SEALED. */
  readonly sealed?: number
}

const all: readonly Role[] = [
  "user",
  "manager",
  "approver",
  "auditor",
  "officer",
  "operator",
  "cluster-officer",
]
const inside: readonly Role[] = ["user", "manager", "approver", "auditor", "officer"]
const users: readonly Role[] = ["user", "manager", "officer"]
const administrators: readonly Role[] = ["officer", "cluster-officer"]
const operators: readonly Role[] = ["operator", "cluster-officer"]

const noKey = { status: 404, code: "KEY_NOT_FOUND", from: "everyone" } as const
const noWrappingKey = { status: 404, code: "KEY_NOT_FOUND", from: "permitted" } as const
const noObject = { status: 404, code: "NOT_FOUND", from: "permitted" } as const
const notOpened = { status: 422, code: "DECRYPTION_FAILED", from: "everyone" } as const

const use = { may: ["user"], ok: 200, hidden: noKey } as const
const read = { may: inside, ok: 200, hidden: noKey, blocked: "works" } as const
const manage = { may: ["manager"], ok: 200, hidden: noKey, readOnly: "refused" } as const
const decide = { may: ["officer"], ok: 200, hidden: noKey, readOnly: "refused" } as const
const open = (sealed: number, ok = 200) => ({ may: "world", ok, sealed }) as const

/** By operationId; after a space, a variant of it. */
export const rows = {
  live: open(200),
  ready: open(503),
  metrics: open(200),
  explorer: open(200),
  openapi: open(200),
  version: open(200),
  algorithms: open(200),
  sealStatus: open(200),
  // A development node needs no share: unsealed it says so, sealed it refuses.
  unseal: open(403),

  whoami: { may: all, ok: 200, blocked: "works" },
  rotateOwnToken: { may: all, ok: 200 },

  createKey: { may: ["manager"], ok: 201, readOnly: "refused" },
  importKey: { may: ["manager"], ok: 201, readOnly: "refused" },
  listKeys: { may: inside, ok: 200, blocked: "works" },
  getKey: read,
  getPublicKey: read,
  updateKey: manage,
  trustKey: decide,
  fastForwardKey: decide,
  blockKey: { may: users, ok: 200, hidden: noKey, blocked: "works" },
  unblockKey: { may: users, ok: 200, hidden: noKey, readOnly: "refused" },
  setKeyRules: { may: ["manager", "officer"], ok: 200, hidden: noKey, readOnly: "refused" },
  protectKey: { ...decide, spends: "keys" },
  enableKey: manage,
  disableKey: {
    may: ["manager", "officer"],
    ok: 200,
    hidden: noKey,
    blocked: "works",
    spends: "keys",
  },
  rotateKey: manage,
  deleteKey: { ...manage, spends: "keys" },
  cancelDeletion: { ...manage, spends: "keys" },
  restoreKey: { ...decide, spends: "keys" },
  purgeKey: { ...decide, spends: "keys" },
  getLastUse: { may: ["manager", "auditor", "officer"], ok: 200, hidden: noKey, blocked: "works" },
  getReceipt: { may: ["manager", "auditor", "officer"], ok: 200, hidden: noKey, blocked: "works" },
  deriveAddress: { ...use, may: ["user", "manager"] },
  derivePublic: { ...use, may: ["user", "manager"] },
  deriveExtendedPublic: { ...use, may: ["manager"] },
  deriveChild: { ...manage, ok: 201 },
  exportKey: { may: ["manager"], ok: 200, hidden: noKey },
  "exportKey wrapped": { may: ["manager"], ok: 200, hidden: noKey },
  unwrapKey: { ...manage, ok: 201 },
  deriveKey: { ...manage, ok: 201 },
  "exportKey under": { may: ["manager"], ok: 200, hidden: noWrappingKey },

  requestCertificate: { ...use, may: ["user", "manager"] },
  selfSignCertificate: { ...use, may: ["user", "manager"] },
  issueCertificate: use,
  addCertificate: { ...manage, ok: 201, spends: "keys" },
  listCertificates: read,
  getCertificate: read,
  deleteCertificate: { ...manage, ok: 204, spends: "keys" },

  createTimestamp: use,
  encrypt: use,
  decrypt: { may: ["user"], ok: 200, hidden: notOpened },
  decryptRaw: use,
  sign: use,
  verify: use,
  mac: use,
  verifyMac: use,
  generateDataKey: use,
  encapsulate: use,
  decapsulate: use,
  agree: use,
  random: { may: ["user"], ok: 200 },
  batch: { may: all, ok: 200, blocked: "works" },

  createRequest: { may: users, ok: 201 },
  listRequests: { may: inside, ok: 200, blocked: "works" },
  watchRequests: { may: inside, ok: 200, blocked: "works" },
  getRequest: { may: inside, ok: 200, hidden: noObject, blocked: "works" },
  speakOnRequest: { may: [...users, "approver"], ok: 200, hidden: noObject, spends: "request" },
  cancelRequest: { may: users, ok: 200, hidden: noObject, blocked: "works", spends: "request" },

  stampCall: { may: users, ok: 200 },
  makeCall: { may: users, ok: 200, spends: "call" },

  createWebhook: { may: ["officer"], ok: 201, readOnly: "refused" },
  listWebhooks: { may: ["officer"], ok: 200, blocked: "works" },
  deleteWebhook: {
    may: ["officer"],
    ok: 204,
    hidden: noObject,
    blocked: "works",
    spends: "webhook",
  },
  testWebhook: { may: ["officer"], ok: 200, hidden: noObject },

  createApprover: { may: ["officer"], ok: 201, readOnly: "refused" },
  listApprovers: { may: ["officer"], ok: 200, blocked: "works" },
  deleteApprover: {
    may: ["officer"],
    ok: 204,
    hidden: noObject,
    blocked: "works",
    spends: "approver",
  },
  renewApproverCode: { may: ["officer"], ok: 200, hidden: noObject, readOnly: "refused" },

  explain: read,
  "explain other": {
    may: ["manager", "auditor", "officer"],
    ok: 200,
    hidden: noObject,
    blocked: "works",
  },

  getPartition: { may: inside, ok: 200, blocked: "works" },
  updatePartition: { may: ["officer"], ok: 200 },
  setPartitionRules: { may: ["officer"], ok: 200, readOnly: "refused" },
  blockPartition: { may: ["officer"], ok: 200, blocked: "works" },
  unblockPartition: { may: ["officer"], ok: 200, blocked: "works" },

  createPrincipal: { may: administrators, ok: 201, readOnly: "refused" },
  listPrincipals: { may: administrators, ok: 200, blocked: "works" },
  getPrincipal: { may: administrators, ok: 200, hidden: noObject, blocked: "works" },
  updatePrincipal: { may: administrators, ok: 200, hidden: noObject, readOnly: "refused" },
  deletePrincipal: {
    may: administrators,
    ok: 204,
    hidden: noObject,
    blocked: "works",
    spends: "principal",
  },
  issueToken: { may: administrators, ok: 200, hidden: noObject, readOnly: "refused" },
  // A principal has two at most.
  issueAccessKey: {
    may: administrators,
    ok: 200,
    hidden: noObject,
    readOnly: "refused",
    spends: "principal",
  },
  revokeCredential: {
    may: administrators,
    ok: 200,
    hidden: noObject,
    blocked: "works",
    spends: "principal",
  },
  createIssuer: { may: administrators, ok: 201, readOnly: "refused" },
  listIssuers: { may: administrators, ok: 200, blocked: "works" },
  deleteIssuer: {
    may: administrators,
    ok: 204,
    hidden: noObject,
    blocked: "works",
    spends: "issuer",
  },

  listAuditRecords: {
    may: ["auditor", "officer", "operator", "cluster-officer"],
    ok: 200,
    blocked: "works",
  },
  exportAudit: {
    may: ["auditor", "officer", "operator", "cluster-officer"],
    ok: 200,
    blocked: "works",
  },

  createPartition: { may: ["operator"], ok: 201 },
  listPartitions: { may: operators, ok: 200 },
  getPartitionById: { may: operators, ok: 200, hidden: noObject, reach: "cluster" },
  updateQuota: { may: ["operator"], ok: 200, hidden: noObject, reach: "cluster" },
  seal: { may: operators, ok: 204 },
  shred: { may: operators, ok: 200 },
} as const satisfies Record<string, Row>
export type RowId = keyof typeof rows

/** A row without its literal type. */
export function rowOf(id: RowId): Row {
  return rows[id]
}

/** The table's keys are its rows. */
export const rowIds = Object.keys(rows) as readonly RowId[]
