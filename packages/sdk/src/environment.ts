/**
 * Where the node is and who asks, from the environment: `KEYHOLD_URL` with its companions, or else
 * the `dev.json` that a development HSM writes.
 */

import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { operations, type OperationId, type Role } from "./api.generated.ts"
import { KeyholdError } from "./errors.ts"

/** The token for calls that do these things; undefined: ask without one. */
export type TokenSource = (operationIds: readonly OperationId[]) => string | undefined

/** What it takes to reach a node. */
export interface Connection {
  readonly url: string
  readonly token?: string | TokenSource | undefined
  /** Certificate authorities to trust instead of the system's, PEM. */
  readonly ca?: string | undefined
  /** The client's own certificate and private key, PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
}

/** Files instead of their contents, as variables and command lines name them. */
export interface ConnectionFiles {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
  readonly caFile?: string | undefined
  readonly clientCertFile?: string | undefined
  readonly clientKeyFile?: string | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Finds the node.
 *
 * @param overrides - win over the variables of the same meaning.
 * @param variables - `KEYHOLD_URL`, `KEYHOLD_TOKEN` or `KEYHOLD_TOKEN_FILE`, `KEYHOLD_CA_FILE`,
 * `KEYHOLD_CLIENT_CERT_FILE` and `KEYHOLD_CLIENT_KEY_FILE`; without a URL, `KEYHOLD_DATA` names the
 * folder of a development HSM, and else `.keyhold` is looked for here and in the folders above.
 * @param role - of a development HSM: act in this role alone.
 * @throws {@link KeyholdError} CONFIGURATION
 */
export function findConnection(
  overrides: ConnectionFiles,
  variables: Variables,
  role?: Role,
): Connection {
  const files: ConnectionFiles = {
    url: overrides.url ?? variables["KEYHOLD_URL"],
    token: variables["KEYHOLD_TOKEN"],
    tokenFile: overrides.tokenFile ?? variables["KEYHOLD_TOKEN_FILE"],
    caFile: overrides.caFile ?? variables["KEYHOLD_CA_FILE"],
    clientCertFile: overrides.clientCertFile ?? variables["KEYHOLD_CLIENT_CERT_FILE"],
    clientKeyFile: overrides.clientKeyFile ?? variables["KEYHOLD_CLIENT_KEY_FILE"],
  }
  if (files.url !== undefined) return readConnection({ ...files, url: files.url })
  return readDevelopment(findDevelopment(variables["KEYHOLD_DATA"]), role)
}

function readConnection(files: ConnectionFiles & { readonly url: string }): Connection {
  const { url, token, tokenFile, caFile, clientCertFile, clientKeyFile } = files
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined)) {
    throw configuration("a client certificate and its private key are given together")
  }
  return {
    url,
    token: tokenFile === undefined ? token : readText(tokenFile).trim(),
    ca: caFile === undefined ? undefined : readText(caFile),
    clientCertificate:
      clientCertFile === undefined || clientKeyFile === undefined
        ? undefined
        : { cert: readText(clientCertFile), key: readText(clientKeyFile) },
  }
}

/** The path of `dev.json`. */
function findDevelopment(data: string | undefined): string {
  if (data !== undefined) return join(data, "dev.json")
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const path = join(folder, ".keyhold", "dev.json")
    if (existsSync(path)) return path
    if (folder === dirname(folder)) break
  }
  throw configuration(
    "no node to talk to: set KEYHOLD_URL and KEYHOLD_TOKEN, or start a development HSM here",
  )
}

function readDevelopment(path: string, role: Role | undefined): Connection {
  const { url, caFile, tokens } = parseDevelopment(readText(path), path)
  if (role !== undefined && !Object.hasOwn(tokens, role)) {
    throw configuration(`${path} has no token for the role ${role}`)
  }
  return {
    url,
    ca: readText(resolve(dirname(path), caFile)),
    token: role === undefined ? (ids) => chooseToken(tokens, ids) : tokens[role],
  }
}

/**
 * The token of the first role that every one of the operations admits; for a mixture that no role
 * may do alone, of the first operation's.
 */
export function chooseToken(
  tokens: Readonly<Record<string, string>>,
  operationIds: readonly OperationId[],
): string | undefined {
  const [first] = operationIds
  if (first === undefined) return undefined
  const held = rolesOf(first).filter((role) => Object.hasOwn(tokens, role))
  const common = held.find((role) => operationIds.every((id) => rolesOf(id).includes(role)))
  const role = common ?? held[0]
  return role === undefined ? undefined : tokens[role]
}

function rolesOf(id: OperationId): readonly Role[] {
  return operations[id].roles
}

interface Development {
  readonly url: string
  readonly caFile: string
  readonly tokens: Readonly<Record<string, string>>
}

function parseDevelopment(text: string, path: string): Development {
  const { url, caFile, tokens } = parseObject(text)
  if (typeof url !== "string" || typeof caFile !== "string" || typeof tokens !== "object") {
    throw configuration(`${path} is not what a development HSM writes`)
  }
  const pairs = Object.entries(tokens ?? {})
  return {
    url,
    caFile,
    tokens: Object.fromEntries(pairs.map(([role, token]) => [role, `${token}`])),
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" ? { ...value } : {}
  } catch {
    return {}
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    throw configuration(`${path} cannot be read`)
  }
}

function configuration(message: string): KeyholdError {
  return new KeyholdError("CONFIGURATION", message)
}
