/** `keyhold key-store ...`: what AWS KMS reaches keys through, by the XKS dialect. */

import type { KeyStorePolicy, PrincipalWithToken } from "@keyhold/sdk"
import { outputOption, type CliContext, type Command, type OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { lazily } from "../output.ts"
import { principalFields, readGrants } from "./principal.ts"

/** Options, and the condition of the policy that each of them fills. */
const conditions: readonly (readonly [keyof KeyStorePolicy, string, ...OptionRow])[] = [
  [
    "principals",
    "awsPrincipal",
    "--aws-principal <arn...>",
    "only for whom AWS shows so; * is any",
  ],
  ["accounts", "awsAccount", "--aws-account <id...>", "only for KMS keys of this account"],
  ["regions", "awsRegion", "--aws-region <region...>", "only from this region"],
  ["viaServices", "viaService", "--via-service <name...>", "only on behalf of this service: s3"],
  ["vpcs", "vpc", "--vpc <id...>", "only from this VPC"],
  ["vpcEndpoints", "vpcEndpoint", "--vpc-endpoint <id...>", "only through this VPC endpoint"],
  ["operations", "kmsOperation", "--kms-operation <name...>", "only for this one: Decrypt"],
  [
    "clientNames",
    "clientName",
    "--client-name <name...>",
    "only with a client certificate of this name",
  ],
]
const conditionOptions = conditions.map(([, , ...row]): OptionRow => row)
const keyOptions: readonly OptionRow[] = [
  ["--key-names <pattern>", "only keys whose name matches; * stands for any characters"],
  ["--key-id <id...>", "only this key; repeat for several"],
  ["--key-tag <name=value...>", "only keys with this tag"],
]
const lifeOption: OptionRow = ["--life <time>", "until its access key expires; 365d unless given"]
const fileNote =
  "Writes the file that AWS's console takes as the proxy's configuration: the path, and an " +
  "access key whose secret is shown this once."

export const keyStoreCommands: readonly Command[] = [
  {
    usage: "key-store create <name>",
    summary: "Make an external key store, through which AWS KMS uses keys that are here",
    description: fileNote,
    options: [...keyOptions, ...conditionOptions, lifeOption, outputOption],
    example: "keyhold key-store create aws --key-names 'aws-*' --via-service s3 -o proxy.json",
    async run({ out, connect }, input) {
      const body = {
        name: input.text("name"),
        roles: ["user"] as const,
        grants: readGrants(input),
        keyStore: readPolicy(input) ?? {},
        credential: { kind: "access-key", lifeSeconds: input.seconds("life") } as const,
      }
      const kh = await connect()
      await writeFile({ out }, input, () => kh.call("createPrincipal", { body }))
    },
  },
  {
    usage: "key-store update <principal>",
    summary: "Replace a key store's policy; holds from the next request on",
    description: "What is not named is not looked at any more; --nothing denies everything.",
    options: [...conditionOptions, ["--nothing", "AWS may do nothing with these keys"]],
    example: "keyhold key-store update 01k2v7x9q4m8w3r5t6y1z0manp --aws-account 111122223333",
    async run({ out, connect }, input) {
      const policy = readPolicy(input)
      const nothing = input.flag("nothing")
      if ((policy === undefined) !== nothing) {
        throw new CliError("USAGE", "name conditions, or --nothing")
      }
      const body = { keyStore: policy ?? { operations: [] } }
      const params = { principal: input.text("principal") }
      const kh = await connect()
      await out.record(await kh.call("updatePrincipal", { params, body }), principalFields)
    },
  },
  {
    usage: "key-store access-key <principal>",
    summary: "Issue another access key, to go over to; a key store has two at most",
    description: `${fileNote} Revoke the old one once AWS has the new one.`,
    options: [lifeOption, outputOption],
    example: "keyhold key-store access-key 01k2v7x9q4m8w3r5t6y1z0manp -o proxy.json",
    async run({ out, connect }, input) {
      const params = { principal: input.text("principal") }
      const body = { lifeSeconds: input.seconds("life") }
      const kh = await connect()
      await writeFile({ out }, input, () => kh.call("issueAccessKey", { params, body }))
    },
  },
]

/** Undefined when no option names a condition. */
function readPolicy(input: Input): KeyStorePolicy | undefined {
  const given = conditions.map(([name, option]) => [name, input.list(option)] as const)
  const named = given.filter(([, values]) => values !== undefined)
  return named.length === 0 ? undefined : Object.fromEntries(named)
}

/** As AWS's console takes it. */
async function writeFile(
  { out }: Pick<CliContext, "out">,
  input: Input,
  make: () => Promise<PrincipalWithToken>,
): Promise<void> {
  const call = async () => {
    const { principal, accessKey } = await make()
    out.note(`key store ${principal.name}: ${principal.id}`)
    const file = {
      XksProxyUriPath: `/xks/${principal.id}/kms/xks/v1`,
      XksProxyAuthenticationCredential: {
        AccessKeyId: accessKey?.accessKeyId,
        RawSecretAccessKey: accessKey?.secretAccessKey,
      },
    }
    return Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`)
  }
  await out.bytes(lazily(call), input.maybe("output"))
}
