/**
 * The AWS SDK's own signer, `@smithy/signature-v4`, behind an interface of just what tests use: its
 * types do not pass our strict check of declarations.
 */

import { createHash, createHmac, type Hash, type Hmac } from "node:crypto"

/** A request to be signed; header names as they will be sent. */
export interface Unsigned {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[]>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface SignFor {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region?: string
  readonly service?: string
  /** Milliseconds since 1970. */
  readonly at: number
}

interface SignerModule {
  readonly SignatureV4: new (options: object) => {
    sign(
      request: object,
      options: { readonly signingDate: Date },
    ): Promise<{ readonly headers: Readonly<Record<string, string>> }>
  }
}

const name: string = "@smithy/signature-v4" // A variable: no declarations are looked up.
const { SignatureV4 } = (await import(name)) as SignerModule

/** SHA-256, or HMAC with a secret, as the signer wants it. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest())
  }
}

/** The request's headers with those that the signature adds. */
export async function signWithSdk(
  { method, path, query = {}, headers, body }: Unsigned,
  { accessKeyId, secretAccessKey, region = "eu-central-1", service = "kms", at }: SignFor,
): Promise<Readonly<Record<string, string>>> {
  const credentials = { accessKeyId, secretAccessKey }
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 })
  const request = { method, path, query, headers, body, protocol: "https:", hostname: "localhost" }
  const signed = await signer.sign(request, { signingDate: new Date(at) })
  return signed.headers
}
