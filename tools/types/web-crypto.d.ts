/**
 * The browser's names that the declarations of `@peculiar/x509` use, mapped to
 * Node's own types. The alternative, `lib: ["dom"]`, would make `window` and
 * `document` compile in a server; `skipLibCheck` would turn these names into `any`.
 */
import type { webcrypto } from "node:crypto"

declare global {
  type BufferSource = NodeJS.BufferSource
  type Algorithm = webcrypto.Algorithm
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier
  type CryptoKeyPair = webcrypto.CryptoKeyPair
  type EcKeyGenParams = webcrypto.EcKeyGenParams
  type EcKeyImportParams = webcrypto.EcKeyImportParams
  type EcdsaParams = webcrypto.EcdsaParams
  type KeyUsage = webcrypto.KeyUsage
  type RsaHashedImportParams = webcrypto.RsaHashedImportParams
}
