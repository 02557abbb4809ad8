/**
 * The configuration of one node: keyhold.yaml, read strictly. A setting that is unknown, missing or
 * out of bounds stops the node with `file:line:column`, what is wrong, and what is wanted.
 */

import { access, readFile } from "node:fs/promises"
import { constants } from "node:fs"
import { dirname, join, resolve } from "node:path"

import { HsmError } from "../domain/errors.ts"
import { readDocument } from "./config-reader.ts"
import { configReader, crossCheck, type ConfigFile } from "./config-schema.ts"
import { readWebhookTrust } from "./webhook-trust.ts"

/** A node's settings; paths are absolute, durations in milliseconds. Never holds a secret. */
export interface NodeConfig {
  /** The node's folder, mode 0700. */
  readonly data: string
  readonly cluster: { readonly name: string }
  readonly listen: {
    readonly host: string
    /** 0 picks a free one. */
    readonly port: number
    readonly tls: TlsConfig
  }
  readonly rootOfTrust: ConfigFile["rootOfTrust"]
  /** Needed by `keyhold init` alone. */
  readonly custodians?: NonNullable<ConfigFile["custodians"]>
  readonly audit: {
    readonly budgetBytes: number
    readonly reserveBytes: number
    readonly anchors: ConfigFile["audit"]["anchors"]
    /** Where closed segments go. */
    readonly archive?: { readonly path: string }
    readonly checkpointMs: number
  }
  readonly store: ConfigFile["store"]
  readonly metrics: {
    /** A listener of its own. */
    readonly listen?: { readonly host: string; readonly port: number }
    /** Served on the main listener too. */
    readonly open: boolean
  }
  readonly webhooks: { readonly allowPrivate: boolean; readonly caFile?: string }
  /** Processes that serve and compute; 0: this process does all. */
  readonly workers: number
  readonly log: ConfigFile["log"]
  readonly limits: {
    readonly unsealProgressMs: number
    readonly unsealSharesPerMinute: number
    readonly failedAuthenticationsPerMinute: number
    readonly drainMs: number
  }
}

export interface TlsConfig {
  readonly certificateFile: string
  readonly keyFile: string
  /** True when the two files are Keyhold's own, which `keyhold init` makes. */
  readonly generated: boolean
  readonly clientCaFile?: string
  readonly minVersion: "TLSv1.3" | "TLSv1.2"
}

/** Where a node keeps what is its own, under its data folder. */
export function nodePaths(data: string) {
  return {
    /** Ed25519 identity, mode 0600. */
    identity: join(data, "node.key"),
    /** What the node knows of the custodians' parts; there once the ceremony is done. */
    cluster: join(data, "cluster.json"),
    certificate: join(data, "tls.crt"),
    certificateKey: join(data, "tls.key"),
    /** PEM of the authority that clients trust, when the certificate is our own. */
    authority: join(data, "ca.crt"),
    /** Key of the `file` root when `npm start` makes it. */
    developmentKey: join(data, "development.key"),
  } as const
}

/**
 * Reads a configuration's text.
 *
 * @param file - its path, for messages and as the start of relative paths.
 * @throws HsmError MALFORMED_REQUEST with one line per problem.
 */
export function parseConfig(text: string, file: string): NodeConfig {
  const source = { text, file, folder: dirname(resolve(file)) }
  const result = readDocument(source, configReader, crossCheck)
  if ("value" in result) return settle(result.value)
  throw new HsmError("MALFORMED_REQUEST", result.problems.join("\n"))
}

/**
 * Reads a configuration file.
 *
 * @throws HsmError MALFORMED_REQUEST as {@link parseConfig}, and when the file cannot be read.
 */
export async function loadConfig(file: string): Promise<NodeConfig> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
    throw new HsmError("MALFORMED_REQUEST", `${file}: cannot be read (${code})`)
  })
  return parseConfig(text, file)
}

/**
 * `keyhold serve --check-config`: reads the file, and looks whether the files that it names are
 * there.
 *
 * @throws HsmError MALFORMED_REQUEST with one line per problem.
 */
export async function checkConfig(file: string): Promise<NodeConfig> {
  const config = await loadConfig(file)
  const { certificateFile, keyFile, clientCaFile, generated } = config.listen.tls
  const named = {
    "listen.tls.certificateFile": generated ? undefined : certificateFile,
    "listen.tls.keyFile": generated ? undefined : keyFile,
    "listen.tls.clientCaFile": clientCaFile,
  }
  await readWebhookTrust(config)
  const problems = await Promise.all(
    Object.entries(named).map(async ([setting, path]) => {
      if (path === undefined || (await isReadable(path))) return []
      return [`${file}: ${setting}: ${path} cannot be read; correct the path or its owner`]
    }),
  )
  const [first, ...others] = problems.flat()
  if (first === undefined) return config
  throw new HsmError("MALFORMED_REQUEST", [first, ...others].join("\n"))
}

/** What `npm start` runs: loopback, a key in a file, generated certificates. */
export function developmentConfig({
  dataDir,
  port,
  workers = 0,
}: {
  readonly dataDir: string
  readonly port: number
  readonly workers?: number
}): NodeConfig {
  const data = resolve(dataDir)
  const yaml = JSON.stringify({
    data,
    listen: { host: "127.0.0.1", port },
    rootOfTrust: { kind: "file", path: nodePaths(data).developmentKey, development: true },
    metrics: { open: true },
    webhooks: { allowPrivate: true },
    workers,
    log: { level: "warn" },
  })
  // JSON is YAML: development takes the same road, with the same defaults.
  return parseConfig(yaml, "development")
}

function settle(file: ConfigFile): NodeConfig {
  const { listen, custodians, audit, metrics, limits, webhooks, ...rest } = file
  const { caFile, allowPrivate } = webhooks
  const { host, port, open } = metrics
  const { certificateFile, keyFile, clientCaFile, minVersion } = listen.tls
  const own = nodePaths(rest.data)
  const { checkpointSeconds, archive, ...auditRest } = audit
  const { unsealProgressSeconds, drainSeconds, ...rates } = limits
  return {
    ...rest,
    listen: {
      ...listen,
      tls: {
        certificateFile: certificateFile ?? own.certificate,
        keyFile: keyFile ?? own.certificateKey,
        generated: certificateFile === undefined,
        minVersion,
        ...(clientCaFile === undefined ? {} : { clientCaFile }),
      },
    },
    ...(custodians === undefined ? {} : { custodians }),
    audit: {
      ...auditRest,
      checkpointMs: checkpointSeconds * 1000,
      ...(archive === undefined ? {} : { archive }),
    },
    metrics: {
      open,
      ...(host === undefined || port === undefined ? {} : { listen: { host, port } }),
    },
    webhooks: { allowPrivate, ...(caFile === undefined ? {} : { caFile }) },
    limits: {
      ...rates,
      unsealProgressMs: unsealProgressSeconds * 1000,
      drainMs: drainSeconds * 1000,
    },
  }
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
}
