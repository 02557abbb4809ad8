/** Every service that the face calls, by name: routes refer to this table, tests replace it. */

import {
  deleteCertificate,
  listCertificates,
  readCertificateOf,
  storeCertificate,
} from "../../service/certificates.ts"
import { importKey } from "../../service/create-key.ts"
import { generateDataKey } from "../../service/data-key.ts"
import {
  cancelDeletion,
  deleteKey,
  deletionReceipt,
  purgeKey,
  restoreKey,
} from "../../service/delete-key.ts"
import {
  deriveAddress,
  deriveChild,
  deriveExtendedPublic,
  derivePublic,
} from "../../service/derived.ts"
import { explainDecision } from "../../service/explain.ts"
import { deriveKey } from "../../service/derive-key.ts"
import { exportKey } from "../../service/export-key.ts"
import { unwrapKey } from "../../service/unwrap-key.ts"
import { issueCertificate, requestCertificate, selfSign } from "../../service/issue-certificate.ts"
import { createIssuer, deleteIssuer, listIssuers } from "../../service/issuers.ts"
import {
  blockPartition,
  createPartition,
  listPartitions,
  readPartition,
  readPartitionById,
  setPartitionRules,
  unblockPartition,
  updatePartition,
  updateQuota,
} from "../../service/partition.ts"
import {
  createPrincipal,
  deletePrincipal,
  issueAccessKey,
  issueToken,
  listPrincipals,
  readPrincipal,
  revokeCredential,
  rotateOwnToken,
  updatePrincipal,
} from "../../service/principals.ts"
import { makeCall } from "../../service/make-call.ts"
import { makeRequest } from "../../service/make-request.ts"
import { generateRandom } from "../../service/random.ts"
import { exportLines, listRecords } from "../../service/read-audit.ts"
import { cancelRequest, speakOnRequest } from "../../service/speak-request.ts"
import { listRequests, readRequest } from "../../service/view-request.ts"
import { watchRequests } from "../../service/watch-requests.ts"
import { describeKey, listKeys, publicKey } from "../../service/read-key.ts"
import { lastUseOf } from "../../service/last-uses.ts"
import { rotateKey } from "../../service/rotate-key.ts"
import { sealNode, shred } from "../../service/seal.ts"
import { agree, decapsulate, encapsulate } from "../../service/share-secret.ts"
import { verify, verifyMac } from "../../service/sign.ts"
import { blockKey, protectKey, setKeyRules, unblockKey } from "../../service/smart-key.ts"
import {
  disableKey,
  enableKey,
  fastForwardKey,
  trustKey,
  updateKey,
} from "../../service/update-key.ts"
import { stampCall } from "../../service/stamp-call.ts"
import { timestamp } from "../../service/timestamp.ts"
import { useAlike } from "../../service/use-alike.ts"
import { createKey, decrypt, encrypt, mac, sign } from "../../service/use-together.ts"
import {
  createApprover,
  deleteApprover,
  listApprovers,
  renewOneTimeCode,
} from "../../service/approvers.ts"
import { createWebhook, deleteWebhook, listWebhooks, testWebhook } from "../../service/webhooks.ts"
import { whoami } from "../../service/whoami.ts"

/** The services themselves. */
export const services = {
  agree,
  blockKey,
  blockPartition,
  cancelDeletion,
  cancelRequest,
  createIssuer,
  createKey,
  createPartition,
  createPrincipal,
  createApprover,
  createWebhook,
  decapsulate,
  decrypt,
  deleteCertificate,
  deleteIssuer,
  deleteKey,
  deletePrincipal,
  deleteApprover,
  deleteWebhook,
  deletionReceipt,
  deriveAddress,
  deriveChild,
  deriveExtendedPublic,
  derivePublic,
  describeKey,
  disableKey,
  enableKey,
  encapsulate,
  encrypt,
  explainDecision,
  deriveKey,
  exportKey,
  unwrapKey,
  exportLines,
  generateDataKey,
  generateRandom,
  importKey,
  issueAccessKey,
  issueCertificate,
  issueToken,
  lastUseOf,
  listCertificates,
  listIssuers,
  listKeys,
  listPartitions,
  listPrincipals,
  listRecords,
  listRequests,
  listApprovers,
  listWebhooks,
  mac,
  makeCall,
  makeRequest,
  protectKey,
  publicKey,
  purgeKey,
  readCertificateOf,
  readPartition,
  readPartitionById,
  readPrincipal,
  readRequest,
  requestCertificate,
  restoreKey,
  revokeCredential,
  rotateKey,
  rotateOwnToken,
  sealNode,
  selfSign,
  setKeyRules,
  setPartitionRules,
  shred,
  sign,
  speakOnRequest,
  stampCall,
  storeCertificate,
  renewOneTimeCode,
  testWebhook,
  timestamp,
  trustKey,
  fastForwardKey,
  unblockKey,
  unblockPartition,
  updateKey,
  updatePartition,
  updatePrincipal,
  updateQuota,
  useAlike,
  verify,
  verifyMac,
  watchRequests,
  whoami,
} as const

/** What a test puts in their place has the same types. */
export type Services = typeof services
