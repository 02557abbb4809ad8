/** `@keyhold/sdk`: a client of the Keyhold API for Node 20 and later, without dependencies. */

export type * from "./api.generated.ts"
export { operations } from "./api.generated.ts"
export { statementFor, wordOn } from "./approval.ts"
export { decodeBase64, encodeBase64 } from "./base64.ts"
export type { Outcome, Outcomes } from "./batch.ts"
export * as calls from "./calls.ts"
export type {
  Call,
  CipherOptions,
  Encapsulated,
  MechanismOptions,
  PlainDataKey,
  SignatureOptions,
  SignOptions,
  VersionOptions,
} from "./calls.ts"
export type { Certificates } from "./certificates.ts"
export type { CallArguments, CallInput, CallOptions, ClientOptions } from "./client.ts"
export { isEnvelope, openEnvelope, sealEnvelope } from "./envelope.ts"
export type { ByteSource, EnvelopeKey } from "./envelope.ts"
export { chooseToken, findConnection } from "./environment.ts"
export type { Connection, ConnectionFiles, TokenSource } from "./environment.ts"
export { clientErrorCodes, KeyholdError } from "./errors.ts"
export type { ClientErrorCode, KeyholdErrorDetail } from "./errors.ts"
export { Keyhold } from "./keyhold.ts"
export { Pipeline } from "./pipeline.ts"
export type { ListItem, ListOperationId, StreamOptions } from "./keyhold.ts"
export type {
  DerivationInput,
  DeriveRequest,
  Exported,
  Idempotent,
  ImportRequest,
  Keys,
  UnwrapRequest,
} from "./keys.ts"
export type { Approvers } from "./approvers.ts"
export type { Webhooks } from "./webhooks.ts"
export { Asked, isOpen, Requests, Stamped, statementOf } from "./requests.ts"
export type { AskableId, AskOptions } from "./requests.ts"
