/**
 * The AWS SDK's own KMS client against a node, behind an interface of just what tests use: its
 * types do not pass our strict check of declarations.
 */

import { readFileSync } from "node:fs"
import { Agent } from "node:https"
import { Readable } from "node:stream"

import type { DevFile } from "../../src/daemon/dev.ts"

/** An answer by AWS's own names; the SDK has read times and bytes. */
export type KmsOutput = Readonly<Record<string, unknown>>

/** An error as the SDK throws it. */
export interface KmsError extends Error {
  /** The exception's name. */
  readonly name: string
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string }
}

export interface KmsClient {
  /** Sends one command by its name; rejects with the SDK's own error. */
  send(name: string, input?: Readonly<Record<string, unknown>>): Promise<KmsOutput>
  destroy(): void
}

interface ClientConstructor {
  new (options: object): { send(command: object): Promise<KmsOutput>; destroy(): void }
}
/** Of the SDK: sends a request. */
interface Handler {
  handle(
    request: object,
    options: object,
  ): Promise<{ readonly response: { readonly body: AsyncIterable<Uint8Array> } }>
  destroy(): void
}
type CommandConstructor = new (input: object) => object
type Sdk = Readonly<Record<string, unknown>>

const names = { kms: "@aws-sdk/client-kms", handler: "@smithy/node-http-handler" }
// Variables: no declarations are looked up.
const sdk = (await import(names.kms)) as Sdk
const { NodeHttpHandler } = (await import(names.handler)) as {
  NodeHttpHandler: new (options: object) => Handler
}

/** Every command that the SDK has, without `Command`. */
export const commandNames: readonly string[] = Object.keys(sdk)
  .filter((name) => /^[A-Z]\w+Command$/.test(name))
  .map((name) => name.replace(/Command$/, ""))

/** Where a client goes, and as whom. */
export interface KmsAccess {
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly maxAttempts?: number
  /** Told every answer's body as it comes: the SDK leaves out what it does not know. */
  readonly onBody?: (body: string) => void
}

/** What a client of the SDK takes to reach a node. */
export function clientOptions(
  { aws, caFile }: Pick<DevFile, "aws" | "caFile">,
  access: KmsAccess = {},
): object {
  const { region = aws.region, maxAttempts = 1 } = access
  const { accessKeyId = aws.accessKeyId, secretAccessKey = aws.secretAccessKey } = access
  const httpsAgent = new Agent({ ca: readFileSync(caFile), keepAlive: true })
  return {
    endpoint: aws.endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts,
    requestHandler: listening(new NodeHttpHandler({ httpsAgent }), access.onBody),
  }
}

/** A handler whose answers somebody else hears as well. */
function listening(inner: Handler, onBody: KmsAccess["onBody"]): Handler {
  if (onBody === undefined) return inner
  return {
    destroy: () => inner.destroy(),
    async handle(request, options) {
      const { response } = await inner.handle(request, options)
      const body = Buffer.concat(await Array.fromAsync(response.body))
      onBody(body.toString())
      return { response: Object.assign(response, { body: Readable.from([body]) }) }
    },
  }
}

/** The SDK's KMS client for a node. */
export function kmsClient(dev: Pick<DevFile, "aws" | "caFile">, access: KmsAccess = {}): KmsClient {
  const Client = sdk["KMSClient"] as ClientConstructor
  const client = new Client(clientOptions(dev, access))
  return {
    async send(name, input = {}) {
      const Command = sdk[`${name}Command`] as CommandConstructor
      const { $metadata: _, ...output } = await client.send(new Command(input))
      return output
    },
    destroy: () => client.destroy(),
  }
}

/** The SDK's module itself, for clients that are built on it. */
export const kmsModule: Sdk = sdk
