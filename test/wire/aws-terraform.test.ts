/**
 * AWS's provider for Terraform, unmodified: it makes, reads, changes and destroys keys. It waits
 * long for what it has changed, so it runs with `npm run test:long`, where it is installed.
 */

import assert from "node:assert/strict"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, suite, test } from "node:test"

import { kmsClient, type KmsClient, type KmsError } from "../support/aws.ts"
import type { Ran } from "../support/aws-clients.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { noTerraform, openTerraform, type Terraform } from "../support/terraform.ts"

const folder = mkdtempSync(join(tmpdir(), "keyhold-terraform-"))
let node: DevNode
let kms: KmsClient
let terraform: Terraform

const changed = "-var=changed=true"

function ends(ran: Ran, code: number): void {
  assert.equal(ran.code, code, `${ran.stdout}\n${ran.stderr}`)
}

/** 0: nothing to change; 2: something. */
async function plan(...args: readonly string[]): Promise<Ran> {
  return await terraform.run("plan", "-detailed-exitcode", ...args)
}

function isGone({ name }: KmsError): boolean {
  return name === "NotFoundException"
}

async function stateOf(KeyId: string): Promise<string> {
  const { KeyMetadata } = await kms.send("DescribeKey", { KeyId })
  return (KeyMetadata as { readonly KeyState: string }).KeyState
}

// One after the other: each test goes on with what the one before has left.
const isLong = process.env["KEYHOLD_LONG"] !== undefined
if (isLong && noTerraform !== false) process.stderr.write(`!!! ${noTerraform}\n`)
if (isLong && noTerraform === false)
  suite("Terraform with AWS's provider", () => {
    before(async () => {
      node = await startDevNode()
      kms = kmsClient(node.dev)
      copyFileSync(join(import.meta.dirname, "terraform", "main.tf"), join(folder, "main.tf"))
      terraform = await openTerraform(node.dev, folder)
    })
    after(async () => {
      rmSync(folder, { recursive: true })
      kms.destroy()
      await node.stop()
    })

    test("makes keys, and finds them as it made them", async () => {
      ends(await terraform.run("apply", "-auto-approve"), 0)
      const { opened, pem, main, aliased } = await terraform.outputs()
      assert.equal(opened, "secret")
      assert.match(String(pem), /^-----BEGIN PUBLIC KEY-----/)
      assert.equal(aliased, main)
      ends(await plan(), 0)
    })

    test("sees what somebody else has changed, and takes it back", async () => {
      const KeyId = String((await terraform.outputs())["main"])
      await kms.send("TagResource", { KeyId, Tags: [{ TagKey: "stage", TagValue: "live" }] })
      const seen = await plan()
      ends(seen, 2)
      assert.match(seen.stdout, /"live" -> "test"/)
      ends(await terraform.run("apply", "-auto-approve"), 0)
      ends(await plan(), 0)
    })

    test("changes keys, policies, rotation, tags and aliases in place", async () => {
      const before = await terraform.outputs()
      const planned = await plan(changed)
      ends(planned, 2)
      assert.match(planned.stdout, /Plan: 0 to add, \d+ to change, 0 to destroy/)
      ends(await terraform.run("apply", "-auto-approve", changed), 0)
      const { main, aliased, hmac } = await terraform.outputs()
      assert.equal(main, before["main"])
      assert.notEqual(aliased, main)
      assert.deepEqual([before["hmac"], hmac], [true, false])
      const { KeyMetadata } = await kms.send("DescribeKey", { KeyId: main })
      assert.equal(
        (KeyMetadata as Readonly<Record<string, unknown>>)["Description"],
        "orders of 2027",
      )
      const { RotationPeriodInDays } = await kms.send("GetKeyRotationStatus", { KeyId: main })
      assert.equal(RotationPeriodInDays, 365)
      const { Tags } = await kms.send("ListResourceTags", { KeyId: main })
      assert.deepEqual(Tags, [{ TagKey: "team", TagValue: "orders" }])
      ends(await plan(changed), 0)
    })

    test("makes again what is gone, and destroys all", async () => {
      const KeyId = String((await terraform.outputs())["main"])
      await kms.send("DeleteAlias", { AliasName: "alias/orders" })
      const seen = await plan(changed)
      ends(seen, 2)
      assert.match(seen.stdout, /Plan: 1 to add, 0 to change, 0 to destroy/)
      ends(await terraform.run("apply", "-auto-approve", changed), 0)
      ends(await terraform.run("destroy", "-auto-approve", changed), 0)
      assert.match(await stateOf(KeyId), /^Pending(Replica)?Deletion$/)
      await assert.rejects(stateOf("alias/orders"), isGone)
    })
  })
