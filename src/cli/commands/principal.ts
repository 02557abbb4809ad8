/** `keyhold principal ...`: who may do what in the partition. */

import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import type { Grant, KeyStorePolicy, Operation, Principal, PrincipalWithToken } from "@keyhold/sdk"
import type { CliContext, Command, OptionRow } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import type { Columns } from "../output.ts"
import { roles } from "../vocabulary.ts"

const columns: Columns<Principal> = [
  ["name", ({ name }) => name],
  ["roles", ({ roles }) => roles.join(", ")],
  ["state", ({ state }) => state],
  ["grants", ({ grants }) => grants.length],
  ["credentials", ({ credentials }) => credentials.length],
  ["id", ({ id }) => id],
]

export const principalFields: Columns<Principal> = [
  ["name", ({ name }) => name],
  ["id", ({ id }) => id],
  ["partition", ({ partition }) => partition],
  ["roles", ({ roles }) => roles.join(", ")],
  ["state", ({ state }) => state],
  ["grants", ({ grants }) => grants.map(showGrant).join("; ")],
  ["addresses", ({ addresses }) => addresses.join(", ")],
  [
    "credentials",
    ({ credentials }) =>
      credentials
        .map(({ id, kind, accessKeyId = "", expiresAt }) =>
          [kind, accessKeyId, id, "until", expiresAt].filter((word) => word !== "").join(" "),
        )
        .join("; "),
  ],
  ["key store for", ({ keyStore }) => keyStore && showPolicy(keyStore)],
  ["created", ({ createdAt }) => createdAt],
  ["revision", ({ revision }) => revision],
]

const grantOptions: readonly OptionRow[] = [
  ["--key-names <pattern>", "only keys whose name matches; * stands for any characters"],
  ["--key-id <id...>", "only this key; repeat for several"],
  ["--key-tag <name=value...>", "only keys with this tag"],
  ["--operation <name...>", "only this operation, such as key.encrypt; repeat for several"],
  ["--address <range...>", "only from there, such as 10.0.0.0/8; repeat for several"],
]
const rolesText = roles.join(", ")
const lifeOption: OptionRow = ["--life <time>", "until the token expires; 365d unless given"]

export const principalCommands: readonly Command[] = [
  {
    usage: "principal create <name>",
    summary: "Create a principal; his token is shown once",
    required: [["--role <role...>", `${rolesText}; repeat for several`]],
    options: [
      ...grantOptions,
      lifeOption,
      ["--certificate <file>", "he proves himself by this certificate (PEM), without a token"],
      ["--access-key", "he comes with an AWS SDK: an access key instead of a token"],
    ],
    example: "keyhold principal create shop --role user --key-names 'orders*'",
    async run({ out, connect }, input) {
      const body = {
        name: input.text("name"),
        roles: input.someOf("role", roles) ?? [],
        grants: readGrants(input),
        addresses: input.list("address"),
        credential: await readCredential(input),
      }
      const kh = await connect()
      await showWithToken(out, await kh.call("createPrincipal", { body }))
    },
  },
  {
    usage: "principal list",
    summary: "List the partition's principals",
    options: [limitOption],
    example: "keyhold principal list",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.table(await collectItems(kh.list("listPrincipals"), input), columns)
    },
  },
  {
    usage: "principal show <principal>",
    summary: "Describe a principal, by his id",
    example: "keyhold principal show 01k2v7x9q4m8w3r5t6y1z0manp",
    async run({ out, connect }, input) {
      const kh = await connect()
      const params = { principal: input.text("principal") }
      await out.record(await kh.call("getPrincipal", { params }), principalFields)
    },
  },
  {
    usage: "principal update <principal>",
    summary: "Change a principal; holds from the next request on",
    options: [
      ["--role <role...>", `replaces all roles: ${rolesText}`],
      ...grantOptions,
      ["--any-key", "no grants: his roles hold in full"],
      ["--disable", "he may do nothing"],
      ["--enable", "he may act again"],
    ],
    example: "keyhold principal update 01k2v7x9q4m8w3r5t6y1z0manp --disable",
    async run({ out, connect }, input) {
      const enabled = input.on("enable") ?? input.off("disable")
      const body = {
        roles: input.someOf("role", roles),
        grants: input.flag("anyKey") ? [] : readGrants(input),
        addresses: input.list("address"),
        state: enabled === undefined ? undefined : enabled ? "active" : "disabled",
      } as const
      const kh = await connect()
      const params = { principal: input.text("principal") }
      await out.record(await kh.call("updatePrincipal", { params, body }), principalFields)
    },
  },
  {
    usage: "principal delete <principal>",
    summary: "Delete a principal; holds from the next request on",
    example: "keyhold principal delete 01k2v7x9q4m8w3r5t6y1z0manp",
    async run({ out, connect }, input) {
      const kh = await connect()
      const principal = input.text("principal")
      await kh.call("deletePrincipal", { params: { principal } })
      await out.document({ deleted: principal }, `deleted ${principal}`)
    },
  },
  {
    usage: "principal token [principal]",
    summary: "Issue a new token, for a principal or for yourself",
    options: [lifeOption, ["--overlap <time>", "older tokens live on for so long; 0 unless given"]],
    example: "keyhold principal token --life 30d --overlap 1h",
    async run({ out, connect }, input) {
      const body = {
        lifeSeconds: input.seconds("life"),
        overlapSeconds: input.seconds("overlap"),
      }
      const principal = input.maybe("principal")
      const kh = await connect()
      await showWithToken(
        out,
        principal === undefined
          ? await kh.call("rotateOwnToken", { body })
          : await kh.call("issueToken", { params: { principal }, body }),
      )
    },
  },
  {
    usage: "principal access-key <principal>",
    summary: "Issue an access key for the AWS dialects; a principal has two at most",
    options: [["--life <time>", "until the access key expires; 365d unless given"]],
    example: "keyhold principal access-key 01k2v7x9q4m8w3r5t6y1z0manp --life 90d",
    async run({ out, connect }, input) {
      const body = { lifeSeconds: input.seconds("life") }
      const params = { principal: input.text("principal") }
      const kh = await connect()
      await showWithToken(out, await kh.call("issueAccessKey", { params, body }))
    },
  },
  {
    usage: "principal revoke <principal> <credential>",
    summary: "Revoke one token, certificate or access key; holds from the next request on",
    example: "keyhold principal revoke 01k2v7x9q4m8w3r5t6y1z0manp 01k2v7x9q4m8w3r5t6y1z0cred",
    async run({ out, connect }, input) {
      const kh = await connect()
      const [principal, credential] = [input.text("principal"), input.text("credential")]
      const params = { principal, credential }
      await out.record(await kh.call("revokeCredential", { params }), principalFields)
    },
  },
]

/** Shows a principal and, this once, his token or access key. */
export async function showWithToken(
  out: CliContext["out"],
  made: PrincipalWithToken,
): Promise<void> {
  await out.record(made, [
    ...principalFields.map(
      ([title, cell]) => [title, (one: PrincipalWithToken) => cell(one.principal)] as const,
    ),
    ["token", ({ token }) => token],
    ["access key id", ({ accessKey }) => accessKey?.accessKeyId],
    ["secret access key", ({ accessKey }) => accessKey?.secretAccessKey],
  ])
  const secret = made.token ?? made.accessKey?.secretAccessKey
  if (secret !== undefined) out.note("The secret is shown this once: keep it in a safe place.")
}

/** All conditions of one grant; none given: no change, or no narrowing. */
export function readGrants(input: Input): readonly Grant[] | undefined {
  const [name, value] = Object.entries(input.pairs("keyTag") ?? {})[0] ?? []
  const grant = {
    keyNames: input.maybe("keyNames"),
    keyIds: input.list("keyId"),
    tag: name === undefined || value === undefined ? undefined : { name, value },
    // The node knows the operations' names, and says which one it does not.
    operations: input.list("operation") as readonly Operation[] | undefined,
  }
  return Object.values(grant).every((part) => part === undefined) ? undefined : [grant]
}

async function readCredential(input: Input) {
  const path = input.maybe("certificate")
  if (path === undefined) {
    const kind = input.flag("accessKey") ? "access-key" : "token"
    return { kind, lifeSeconds: input.seconds("life") } as const
  }
  try {
    const { raw } = new X509Certificate(await readFile(path))
    return { kind: "certificate", certificate: raw.toString("base64") } as const
  } catch {
    throw new CliError("USAGE", `${path} is no certificate`)
  }
}

function showPolicy(policy: KeyStorePolicy): string {
  const conditions = Object.entries({ ...policy } as Record<string, readonly string[]>)
  const shown = conditions.map(([name, values]) => `${name} ${values.join(" ") || "none"}`)
  return shown.join(", ") || "whatever AWS asks for"
}

function showGrant({ operations, keyIds, keyNames, tag }: Grant): string {
  const parts = [
    keyNames === undefined ? "" : `keys ${keyNames}`,
    keyIds === undefined ? "" : `keys ${keyIds.join(" ")}`,
    tag === undefined ? "" : `keys with ${tag.name}=${tag.value}`,
    operations === undefined ? "" : operations.join(" "),
  ]
  return parts.filter((part) => part !== "").join(", ")
}
