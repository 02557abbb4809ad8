/** The words that a command line may say, from the domain's own tables; pure data, nothing more. */

import {
  keyAlgorithms as algorithmRows,
  mechanisms as mechanismRows,
  type KeyAlgorithmId,
  type MechanismId,
} from "../domain/algorithms.ts"
import {
  certificatePurposes as purposeRows,
  type CertificatePurpose,
} from "../domain/certificate.ts"
import { chains, type ChainId } from "../domain/chains.ts"

export { listKeyAlgorithms, listMechanisms } from "../domain/catalogue.ts"
export type { KeyAlgorithmEntry, MechanismEntry } from "../domain/catalogue.ts"
export { chainNetworks } from "../domain/chains.ts"
export { keyUsages, rsaHashes } from "../domain/algorithms.ts"
export { certificateUsages } from "../domain/certificate.ts"
export { keyStates } from "../domain/key.ts"
export { roles } from "../domain/principal.ts"
export { requestStates, type ApproverWord } from "../domain/request.ts"
export { webhookEvents } from "../domain/webhook.ts"

// The keys of a literal table are exactly its identifiers.
export const keyAlgorithms = Object.keys(algorithmRows) as readonly KeyAlgorithmId[]
export const mechanisms = Object.keys(mechanismRows) as readonly MechanismId[]

export const chainIds = Object.keys(chains) as readonly ChainId[]
export const certificatePurposes = Object.keys(purposeRows) as readonly CertificatePurpose[]
