resource "alicloud_ram_role" "build" {
  role_name                   = "build"
  assume_role_policy_document = data.alicloud_ram_policy_document.trust.document
}
data "alicloud_ram_policy_document" "trust" {
  statement {
    effect = "Allow"
    action = ["sts:AssumeRole"]
    principal {
      entity      = "Service"
      identifiers = ["ecs.aliyuncs.com"]
    }
  }
}
