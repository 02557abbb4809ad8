# What test/wire/aws-terraform.test.ts applies, changes and destroys.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
variable "dev" {
  type = object({ region = string, endpoint = string, ca = string })
}
variable "changed" {
  type = bool
}
provider "aws" {
  region                  = var.dev.region
  custom_ca_bundle        = var.dev.ca
  skip_metadata_api_check = true
  endpoints {
    kms = var.dev.endpoint
    sts = var.dev.endpoint
  }
}
provider "aws" {
  alias                   = "other"
  region                  = "us-west-2"
  custom_ca_bundle        = var.dev.ca
  skip_metadata_api_check = true
  endpoints {
    kms = var.dev.endpoint
    sts = var.dev.endpoint
  }
}
data "aws_caller_identity" "me" {}
resource "aws_kms_key" "main" {
  description             = var.changed ? "orders of 2027" : "orders"
  enable_key_rotation     = true
  rotation_period_in_days = var.changed ? 365 : 180
  deletion_window_in_days = 7
  multi_region            = true
  tags                    = var.changed ? { team = "orders" } : { team = "orders", stage = "test" }
  policy = jsonencode({
    Version = "2012-10-17"
    Id      = "orders"
    Statement = [
      {
        Sid       = "Root"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
    ]
  })
}
resource "aws_kms_key" "plain" {
  deletion_window_in_days = 7
}
resource "aws_kms_key" "hmac" {
  customer_master_key_spec = "HMAC_256"
  key_usage                = "GENERATE_VERIFY_MAC"
  is_enabled               = !var.changed
}
resource "aws_kms_key" "sign" {
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}
resource "aws_kms_alias" "main" {
  name          = "alias/orders"
  target_key_id = var.changed ? aws_kms_key.plain.key_id : aws_kms_key.main.key_id
}
resource "aws_kms_alias" "prefixed" {
  name_prefix   = "alias/some-"
  target_key_id = aws_kms_key.sign.arn
}
resource "aws_kms_grant" "main" {
  name              = "reader"
  key_id            = aws_kms_key.main.key_id
  grantee_principal = data.aws_caller_identity.me.arn
  operations        = ["Encrypt", "Decrypt", "GenerateDataKey"]
  constraints {
    encryption_context_equals = { Department = "Finance" }
  }
}
resource "aws_kms_key_policy" "plain" {
  key_id = aws_kms_key.plain.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"] }
      Action    = var.changed ? ["kms:*", "kms:Describe*"] : ["kms:*"]
      Resource  = ["*"]
    }]
  })
}
resource "aws_kms_external_key" "main" {
  description             = "brought"
  deletion_window_in_days = 7
  key_material_base64     = "Wblj06fduthWggmsT0cLVoIMOkeLbc2kVfMud77i/JY="
  tags                    = { origin = "elsewhere" }
}
resource "aws_kms_replica_key" "main" {
  provider                = aws.other
  primary_key_arn         = aws_kms_key.main.arn
  description             = "replica"
  deletion_window_in_days = 7
  tags                    = { region = "west" }
}
resource "aws_kms_ciphertext" "main" {
  key_id    = aws_kms_key.main.key_id
  plaintext = "secret"
  context   = { order = "17" }
}
data "aws_kms_key" "main" {
  key_id = aws_kms_alias.main.name
}
data "aws_kms_key" "hmac" {
  key_id = aws_kms_key.hmac.key_id
}
data "aws_kms_alias" "main" {
  name = aws_kms_alias.main.name
}
data "aws_kms_public_key" "sign" {
  key_id = aws_kms_alias.prefixed.name
}
data "aws_kms_secrets" "main" {
  secret {
    name    = "it"
    payload = aws_kms_ciphertext.main.ciphertext_blob
    context = { order = "17" }
  }
}
output "opened" {
  value     = data.aws_kms_secrets.main.plaintext["it"]
  sensitive = true
}
output "pem" {
  value = data.aws_kms_public_key.sign.public_key_pem
}
output "main" {
  value = aws_kms_key.main.key_id
}
output "aliased" {
  value = data.aws_kms_key.main.id
}
output "hmac" {
  value = data.aws_kms_key.hmac.enabled
}
