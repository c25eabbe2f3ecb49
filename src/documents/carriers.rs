//! Which resources of other tools carry policy documents.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Embedded;
use crate::policy::PolicyKind;

const DATA: &str = include_str!("data/carriers.toml");

static CARRIERS: LazyLock<Carriers> = LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// The resources of all tools.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Carriers {
    terraform: Vec<Carrier>,
    ros: Vec<Carrier>,
}

/// An attribute of a resource whose value is a policy document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Carrier {
    r#type: String,
    path: String,
    /// What the document is used as.
    pub(super) kind: PolicyKind,
    /// Of a resource policy, the service that reads it.
    pub(super) service: Option<String>,
}

impl Carrier {
    /// The document as one that this attribute carries.
    pub(super) fn of(&'static self, document: Embedded) -> Embedded {
        Embedded { service: self.service.as_deref(), ..document }
    }

    /// The names that lead to the attribute, the last one its own.
    pub(super) fn path(&self) -> impl Iterator<Item = &str> {
        self.path.split('.')
    }
}

/// The attributes of a Terraform resource of this type.
pub(super) fn of_terraform(kind: &str) -> impl Iterator<Item = &'static Carrier> {
    CARRIERS.terraform.iter().filter(move |carrier| carrier.r#type == kind)
}

/// The properties of a ROS resource of this type.
pub(super) fn of_ros(kind: &str) -> impl Iterator<Item = &'static Carrier> {
    CARRIERS.ros.iter().filter(move |carrier| carrier.r#type == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_sound() {
        let carriers: Carriers = toml::from_str(DATA).unwrap();
        assert!(carriers.terraform.len() > 10 && carriers.ros.len() > 5);
        for carrier in carriers.terraform.iter().chain(&carriers.ros) {
            let of_a_service = carrier.kind == PolicyKind::Resource;
            assert_eq!(carrier.service.is_some(), of_a_service, "{}.{}", carrier.r#type, carrier.path);
        }
        let [role, document] = &of_terraform("alicloud_ram_role").collect::<Vec<_>>()[..] else { panic!("two") };
        assert_eq!((role.kind, document.kind), (PolicyKind::Trust, PolicyKind::Trust));
        let added = of_ros("ALIYUN::CloudSSO::PermissionPolicyToAccessConfigurationAddition").next().unwrap();
        assert_eq!(
            (added.path().collect::<Vec<_>>(), added.kind),
            (vec!["InlinePolicyDocument"], PolicyKind::Identity)
        );
        let inline = of_ros("ALIYUN::RAM::Role").nth(1).unwrap();
        assert_eq!(inline.path().collect::<Vec<_>>(), ["Policies", "PolicyDocument"]);
    }
}
