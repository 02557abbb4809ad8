/** `keyhold issuer ...`: issuers of JWTs that the partition trusts. */

import { readFile } from "node:fs/promises"
import type { Issuer, Jwks, Role } from "@keyhold/sdk"
import type { Command } from "../command.ts"
import { CliError } from "../failure.ts"
import type { Input } from "../input.ts"
import { collectItems, limitOption } from "../lists.ts"
import type { Columns } from "../output.ts"
import { roles } from "../vocabulary.ts"

const columns: Columns<Issuer> = [
  ["issuer", ({ issuer }) => issuer],
  ["audience", ({ audience }) => audience],
  ["keys", ({ jwksUri }) => jwksUri ?? "stored"],
  [
    "roles",
    ({ roleClaim, roleMap }) =>
      Object.entries(roleMap)
        .map(([value, role]) => `${roleClaim} ${value}: ${role}`)
        .join(", "),
  ],
  ["id", ({ id }) => id],
]

export const issuerCommands: readonly Command[] = [
  {
    usage: "issuer create <issuer>",
    summary: "Trust an issuer of JWTs, by its claim iss",
    required: [
      ["--audience <text>", "the claim aud"],
      ["--role-claim <name>", "the claim that names roles or groups"],
      ["--role <value=role...>", `what a value means: ${roles.join(", ")}; repeat for several`],
    ],
    options: [
      ["--jwks-uri <url>", "where its keys are fetched"],
      ["--jwks <file>", "or its keys, a JSON Web Key Set"],
    ],
    example:
      "keyhold issuer create https://id.example --audience keyhold --role-claim groups " +
      "--role ops=manager --jwks-uri https://id.example/jwks",
    async run({ out, connect }, input) {
      const body = {
        issuer: input.text("issuer"),
        audience: input.text("audience"),
        roleClaim: input.text("roleClaim"),
        // The node knows the roles, and says which one it does not.
        roleMap: (input.pairs("role") ?? {}) as Readonly<Record<string, Role>>,
        jwksUri: input.maybe("jwksUri"),
        jwks: await readJwks(input),
      }
      const kh = await connect()
      await out.record(await kh.call("createIssuer", { body }), columns)
    },
  },
  {
    usage: "issuer list",
    summary: "List the issuers that the partition trusts",
    options: [limitOption],
    example: "keyhold issuer list",
    async run({ out, connect }, input) {
      const kh = await connect()
      await out.table(await collectItems(kh.list("listIssuers"), input), columns)
    },
  },
  {
    usage: "issuer delete <issuer>",
    summary: "Trust an issuer no longer, by its id",
    example: "keyhold issuer delete 01k2v7x9q4m8w3r5t6y1z01ssr",
    async run({ out, connect }, input) {
      const kh = await connect()
      const issuer = input.text("issuer")
      await kh.call("deleteIssuer", { params: { issuer } })
      await out.document({ deleted: issuer }, `deleted ${issuer}`)
    },
  },
]

async function readJwks(input: Input): Promise<Jwks | undefined> {
  const path = input.maybe("jwks")
  if (path === undefined) return undefined
  try {
    // The node checks the keys, and says what is wrong with them.
    return JSON.parse(await readFile(path, "utf8")) as Jwks
  } catch {
    throw new CliError("USAGE", `${path} is no JSON Web Key Set`)
  }
}
