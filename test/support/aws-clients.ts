/**
 * Unmodified clients of AWS KMS, behind interfaces of just what tests use: their types do not pass
 * our strict check of declarations. Programs run beside the node, which has to go on answering.
 */

import { execFile, spawnSync } from "node:child_process"

import type { DevFile } from "../../src/daemon/dev.ts"
import { clientOptions, kmsModule } from "./aws.ts"

type Dev = Pick<DevFile, "aws" | "caFile">
type Context = Readonly<Record<string, string>>
type Constructor<T> = new (...args: readonly object[]) => T

const names: Readonly<Record<"encryption" | "signer" | "ethers", string>> = {
  encryption: "@aws-crypto/client-node",
  signer: "@cuonghx.gu-tech/ethers-aws-kms-signer",
  ethers: "ethers",
}

/** The AWS Encryption SDK with one key: its messages, and the contexts that they carry. */
export interface EncryptionSdk {
  encrypt(plaintext: Uint8Array, context: Context): Promise<Uint8Array>
  decrypt(
    message: Uint8Array,
  ): Promise<{ readonly plaintext: Uint8Array; readonly context: Context }>
}

interface EncryptionModule {
  readonly KmsKeyringNode: Constructor<object>
  readonly AwsKmsMrkAwareSymmetricKeyringNode: Constructor<object>
  readonly CommitmentPolicy: { readonly REQUIRE_ENCRYPT_REQUIRE_DECRYPT: string }
  buildClient(policy: string): {
    encrypt(keyring: object, plaintext: Uint8Array, more: object): Promise<{ result: Uint8Array }>
    decrypt(
      keyring: object,
      message: Uint8Array,
    ): Promise<{ plaintext: Uint8Array; messageHeader: { encryptionContext: Context } }>
  }
}

/**
 * @param keyArn - of the key that makes data keys and opens them.
 * @param region - where; then what another member of a multi-Region key has sealed opens as well.
 */
export async function encryptionSdk(
  dev: Dev,
  keyArn: string,
  region?: string,
): Promise<EncryptionSdk> {
  const sdk = (await import(names.encryption)) as EncryptionModule
  const Kms = kmsModule["KMS"] as Constructor<object>
  const clientIn = (at?: string): object => new Kms(clientOptions(dev, at ? { region: at } : {}))
  const keyring =
    region === undefined
      ? new sdk.KmsKeyringNode({ generatorKeyId: keyArn, clientProvider: () => clientIn() })
      : new sdk.AwsKmsMrkAwareSymmetricKeyringNode({ keyId: keyArn, client: clientIn(region) })
  const client = sdk.buildClient(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
  return {
    async encrypt(plaintext, encryptionContext) {
      return (await client.encrypt(keyring, plaintext, { encryptionContext })).result
    },
    async decrypt(message) {
      const { plaintext, messageHeader } = await client.decrypt(keyring, message)
      return { plaintext, context: messageHeader.encryptionContext }
    },
  }
}

export interface EthereumSigner {
  getAddress(): Promise<string>
  signMessage(message: string): Promise<string>
  /** `from`: null where the signer's own is meant. */
  signTransaction(transaction: object): Promise<string>
}

/** What of ethers checks a signature. */
export interface Ethers {
  verifyMessage(message: string, signature: string): string
  readonly Transaction: {
    from(serialized: string): { readonly from: string; readonly value: bigint }
  }
}

/** A signer of ethers over a KMS key; only where its client goes is ours. */
export async function ethereumSigner(
  dev: Dev,
  keyId: string,
): Promise<{ readonly signer: EthereumSigner; readonly ethers: Ethers }> {
  const module = (await import(names.signer)) as { AwsKmsSigner: Constructor<EthereumSigner> }
  const Client = kmsModule["KMSClient"] as Constructor<object>
  class Here extends module.AwsKmsSigner {
    _createKMSClient(): object {
      return new Client(clientOptions(dev))
    }
  }
  const { aws } = dev
  const credentials = { accessKeyId: aws.accessKeyId, secretAccessKey: aws.secretAccessKey }
  const signer = new Here({ keyId, region: aws.region, credentials })
  return { signer, ethers: (await import(names.ethers)) as Ethers }
}

/** What a program wrote, and how it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program that is a client of the node. */
export async function runClient(
  { aws, caFile }: Dev,
  command: string,
  args: readonly string[],
  more: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<Ran> {
  const env = {
    PATH: process.env["PATH"],
    HOME: "/nonexistent", // Nobody's own configuration.
    AWS_ACCESS_KEY_ID: aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
    AWS_DEFAULT_REGION: aws.region,
    AWS_CA_BUNDLE: caFile,
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
    ENDPOINT: aws.endpoint,
    ...more.env,
  }
  const options = { env, timeout: more.timeoutMs ?? 60_000 }
  return await new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1
      resolve({ code, stdout, stderr })
    })
  })
}

/** The AWS command line, of Debian or of Python's own packages. */
export const hasAwsCli = spawnSync("aws", ["--version"]).status === 0

/** A Python that has boto3: Debian's package is of Debian's own Python. */
export const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import boto3"]).status === 0,
)
