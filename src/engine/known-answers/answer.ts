/** The shapes of known answers, and how they are typed in. */

import type { KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { DerivationParameters } from "../derivation.ts"
import type { SignatureParameters } from "../provider.ts"

/** At least one per row. */
export type Answers<Answer> = readonly [Answer, ...Answer[]]

interface Known {
  readonly algorithm: KeyAlgorithmId
  /** The publication, or the other implementation, that gave the answer. */
  readonly source: string
}

export interface EncryptionAnswer extends Known {
  /** Raw bytes, or PKCS#8 DER. */
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
  /** With its tag. RSA encrypts at random, so there only opening it has a known answer. */
  readonly ciphertext: Uint8Array
}

export type SignatureAnswer = Known & {
  readonly message: Uint8Array
  /** Of a seed: from it to the key that signs. */
  readonly path?: string
  /** Besides what is usual. */
  readonly parameters?: Partial<SignatureParameters>
} & (
    | {
        readonly signature: Uint8Array
        /** PKCS#8 DER. */
        readonly key: Uint8Array
        /** Signing gives this very signature; otherwise it draws random bits. */
        readonly repeatable: boolean
        /** Signing takes so long that it is shown before its first use, not at start. */
        readonly slow?: boolean
      }
    /** SPKI DER: the publication kept its private key. */
    | { readonly signature: Uint8Array; readonly publicKey: Uint8Array }
    /** Signing without random bits gives a signature with this SHA-256: some are long. */
    | {
        readonly key: Uint8Array
        readonly signatureSha256: Uint8Array
        readonly slow?: boolean
      }
  )

export interface MacAnswer extends Known {
  readonly key: Uint8Array
  readonly message: Uint8Array
  /** With its IV at the beginning, where the row has one. */
  readonly mac: Uint8Array
}

export interface WrapAnswer extends Known {
  readonly key: Uint8Array
  readonly secret: Uint8Array
  readonly wrapped: Uint8Array
}

export interface KemAnswer extends Known {
  /** PKCS#8 DER. */
  readonly key: Uint8Array
  readonly ciphertext: Uint8Array
  readonly sharedSecret: Uint8Array
}

export interface AgreementAnswer extends Known {
  /** PKCS#8 DER. */
  readonly key: Uint8Array
  /** The other side's, SPKI DER. */
  readonly publicKey: Uint8Array
  readonly sharedSecret: Uint8Array
}

export interface DerivationAnswer extends Known {
  /** Raw bytes, or PKCS#8 DER. */
  readonly key: Uint8Array
  readonly input: DerivationParameters
  readonly derived: Uint8Array
}

export const none: Uint8Array = new Uint8Array()

/** Bytes from hex that is broken over lines. */
export function hex(text: TemplateStringsArray): Uint8Array {
  return Uint8Array.fromHex(text.join("").replaceAll(/\s/g, ""))
}
