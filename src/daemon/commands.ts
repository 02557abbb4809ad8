/** The daemon's commands and what they tell people. */

import { createRequire } from "node:module"
import { Command, InvalidArgumentError } from "commander"

import { limits } from "../domain/limits.ts"
import { checkConfig, loadConfig } from "./config.ts"
import { startDevelopment, type DevFile } from "./dev.ts"
import { foundCluster } from "./found.ts"
import { renderTranscript } from "./init.ts"
import { serveNode, type RunningNode } from "./serve.ts"

const defaultPort = 8443

/** Runs one command; resolves when a daemon has begun to serve. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command("keyhold").description("Keyhold's daemon.").version(version())
  program
    .command("dev")
    .description("Run a development HSM. Its master key lies beside its data: never for real keys.")
    .option("--data <folder>", "where it keeps everything", "./.keyhold")
    .option("--port <number>", "TCP port on loopback; 0 picks a free one", parsePort, defaultPort)
    .option(
      "--workers <number>",
      "processes that serve and compute; 0: all in one",
      parseWorkers,
      0,
    )
    .addHelpText("after", "\nExample:\n  npm start -- --data /tmp/hsm --port 0")
    .action(dev)
  program
    .command("serve")
    .description("Serve a node that `keyhold init` has prepared.")
    .requiredOption("--config <file>", "its configuration, docs/formats/config.md")
    .option("--check-config", "only check the configuration")
    .addHelpText("after", "\nExample:\n  keyhold serve --config /etc/keyhold/keyhold.yaml")
    .action(serve)
  program
    .command("init")
    .description("Found a cluster: make its master key, split it, seal the parts to custodians.")
    .requiredOption("--config <file>", "the ceremony's configuration, docs/operate/ceremony.md")
    .requiredOption("--shares <folder>", "where the share files go; never the node's own folder")
    .option("--tokens-out <file>", "write the first tokens there (mode 0600), not to the terminal")
    .addHelpText("after", "\nExample:\n  keyhold init --config keyhold.yaml --shares ./shares")
    .action(init)
  await program.parseAsync(args, { from: "user" })
}

async function dev({
  data,
  port,
  workers,
}: {
  data: string
  port: number
  workers: number
}): Promise<void> {
  process.stdout.write("Keyhold: starting the development HSM …\n")
  const { running, dev: found, devFile } = await startDevelopment({ dataDir: data, port, workers })
  process.stdout.write(devBanner(found, devFile))
  stopOnSignal(running)
}

async function init({
  config: file,
  shares,
  tokensOut,
}: {
  config: string
  shares: string
  tokensOut?: string
}): Promise<void> {
  const config = await loadConfig(file)
  const report = await foundCluster({ config, sharesFolder: shares, tokensFile: tokensOut })
  process.stdout.write(renderTranscript(report))
}

async function serve({
  config: file,
  checkConfig: checkOnly,
}: {
  config: string
  checkConfig?: true
}): Promise<void> {
  if (checkOnly === true) {
    await checkConfig(file)
    process.stdout.write(`${file}: the configuration is good\n`)
    return
  }
  const running = await serveNode(await loadConfig(file))
  const state = running.node.gate.isOperational
    ? "operational"
    : "sealed: custodians unseal it with `keyhold unseal`"
  process.stdout.write(`Keyhold is ready on port ${running.port}; ${state}\n`)
  stopOnSignal(running)
}

function devBanner({ url, partition, caFile }: DevFile, devFile: string): string {
  return [
    "",
    "  ******************************************************************************",
    "  *  DEVELOPMENT CUSTODY. The master key lies in a file beside the data:        *",
    "  *  whoever reads this folder reads every key. Never put real keys in here.    *",
    "  ******************************************************************************",
    "",
    `  Tokens, one per role:   ${devFile}`,
    `  Certificate authority:  ${caFile}`,
    `  Partition:              ${partition}`,
    `  API explorer:           ${url}/`,
    "",
    "  First key, in another terminal:",
    "",
    "    npx keyhold key create orders --algorithm AES_256",
    "",
    `Keyhold is ready at ${url}`,
    "",
  ].join("\n")
}

/** The first signal drains; a second one ends at once. */
function stopOnSignal(running: RunningNode): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`keyhold: ${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
  // The launcher holds the other end: when it dies, so does the node.
  if (process.send !== undefined) process.on("disconnect", stop)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError("a port is 0 to 65535")
}

function parseWorkers(text: string): number {
  const workers = Number(text)
  if (/^\d{1,2}$/.test(text) && workers <= limits.workersMax) return workers
  throw new InvalidArgumentError(`workers are 0 to ${limits.workersMax}`)
}

function version(): string {
  const { version: text } = createRequire(import.meta.url)("../../package.json") as {
    version: string
  } // Our own file.
  return text
}
