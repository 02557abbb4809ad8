/**
 * Terraform with AWS's provider, unmodified. The provider is in no registry of ours: it is looked
 * for in a folder of providers, as `terraform init -plugin-dir` takes one.
 */

import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"

import type { DevFile } from "../../src/daemon/dev.ts"
import { runClient, type Ran } from "./aws-clients.ts"

const plugins = process.env["KEYHOLD_TERRAFORM_PLUGINS"] ?? "/opt/tf-plugins"

/** What is missing to run it; false when all is there. */
export const noTerraform: string | false =
  spawnSync("terraform", ["version"], { env: { PATH: process.env["PATH"] } }).status !== 0
    ? "terraform is missing"
    : existsSync(`${plugins}/registry.terraform.io/hashicorp/aws`)
      ? false
      : "AWS's provider for Terraform is missing: KEYHOLD_TERRAFORM_PLUGINS names its folder"

export interface Terraform {
  /** Runs a command of it; nothing asks. */
  run(command: string, ...args: readonly string[]): Promise<Ran>
  /** The outputs of what was applied last. */
  outputs(): Promise<Readonly<Record<string, unknown>>>
}

/** @param folder - of a configuration that has the variables `dev` and `changed`. */
export async function openTerraform(
  dev: Pick<DevFile, "aws" | "caFile">,
  folder: string,
): Promise<Terraform> {
  const { region, endpoint } = dev.aws
  const env = {
    TF_CLI_CONFIG_FILE: "/dev/null",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
    TF_VAR_dev: JSON.stringify({ region, endpoint, ca: dev.caFile }),
    TF_VAR_changed: "false",
  }
  const run = async (command: string, ...args: readonly string[]): Promise<Ran> =>
    await runClient(dev, "terraform", [`-chdir=${folder}`, command, "-no-color", ...args], {
      env,
      timeoutMs: 180_000,
    })
  const ready = await run("init", `-plugin-dir=${plugins}`)
  if (ready.code !== 0) throw new Error(ready.stderr)
  return {
    run,
    async outputs() {
      const { stdout } = await run("output", "-json")
      const told = JSON.parse(stdout) as Readonly<Record<string, { readonly value: unknown }>>
      return Object.fromEntries(Object.entries(told).map(([name, { value }]) => [name, value]))
    },
  }
}
