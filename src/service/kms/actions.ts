/** What operations are called in keys' policies: AWS's actions, and ours where AWS has none. */

import { operations, operation, type OperationId } from "../../domain/operation.ts"
import { matchesPattern } from "../../domain/principal.ts"

/** Where AWS calls it otherwise, or has several words for what one of our operations can do. */
const renamed: { readonly [Id in OperationId]?: readonly string[] } = {
  "key.mac": ["generatemac"],
  "key.data-key": [
    "generatedatakey",
    "generatedatakeywithoutplaintext",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
  ],
  "key.agree": ["derivesharedsecret"],
  "key.describe": ["describekey"],
  "key.explain": ["describekey"],
  "key.receipt": ["describekey"],
  "key.last-use": ["getkeylastusage"],
  "key.public": ["getpublickey"],
  "key.address": ["getpublickey"],
  "key.derive-public": ["getpublickey"],
  "key.extended-public": ["getpublickey"],
  "key.import-parameters": ["getparametersforimport"],
  "key.import-material": ["importkeymaterial"],
  "key.delete-material": ["deleteimportedkeymaterial"],
  "key.read-policy": ["getkeypolicy"],
  "key.set-policy": ["putkeypolicy"],
  "key.update": [
    "updatekeydescription",
    "tagresource",
    "untagresource",
    "enablekeyrotation",
    "disablekeyrotation",
  ],
  "key.enable": ["enablekey"],
  "key.disable": ["disablekey"],
  "key.rotate": ["rotatekeyondemand"],
  "key.replicate": ["replicatekey"],
  "key.set-primary": ["updateprimaryregion"],
  "key.delete": ["schedulekeydeletion"],
  "key.purge": ["schedulekeydeletion"],
  "key.cancel-deletion": ["cancelkeydeletion"],
  "key.restore": ["cancelkeydeletion"],
  "grant.create": ["creategrant"],
  "grant.list": ["listgrants"],
  "grant.retire": ["retiregrant"],
  "grant.revoke": ["revokegrant"],
  "alias.create": ["createalias"],
  "alias.move": ["updatealias"],
  "alias.delete": ["deletealias"],
  "key.timestamp": ["sign"],
  "certificate.request": ["sign"],
  "certificate.self-sign": ["sign"],
  "certificate.issue": ["sign"],
}

/** AWS's actions that no operation of ours is the only one for. */
const others = [
  "createkey",
  "getkeyrotationstatus",
  "listaliases",
  "listkeypolicies",
  "listkeyrotations",
  "listresourcetags",
  "listretirablegrants",
  "reencryptfrom",
  "reencryptto",
  "synchronizemultiregionkey",
]

/** What an operation is called that AWS's dialect did not ask for. */
export function actionsOf(id: OperationId): readonly string[] {
  return renamed[id] ?? [id.replace(/^key\./, "").replaceAll(/[.-]/g, "")]
}

const known = [
  ...(Object.keys(operations) as OperationId[])
    .filter((id) => operation(id).target === "key")
    .flatMap(actionsOf),
  ...others,
]

/** True when a pattern, in lower case and without `kms:`, stands for something. */
export function meansAction(pattern: string): boolean {
  return known.some((action) => matchesPattern(pattern, action))
}
