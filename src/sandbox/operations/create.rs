//! `CreateDBCluster` (spec openapi-wire 5.4).

use jiff::{Timestamp, ToSpan};

use super::{Answer, Verified, created};
use crate::sandbox::arguments::Arguments;
use crate::sandbox::error::ServiceError;
use crate::sandbox::machine::{Cluster, PayType};
use crate::sandbox::state::{Creation, State};

pub(super) fn create(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let now = state.now();
    let region = arguments.required("RegionId")?;
    let db_type = arguments.required("DBType")?;
    let db_version = arguments.required("DBVersion")?;
    let pay_type = arguments.required("PayType")?;
    if !state.has_region(region) {
        return Err(ServiceError::invalid("RegionId").into());
    }
    arguments.one_of("DBType", &["MySQL", "PostgreSQL", "Oracle"])?;
    let versioned = match db_type {
        "MySQL" => ["5.6", "5.7", "8.0"].contains(&db_version),
        _ => db_version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
    };
    if !versioned {
        return Err(ServiceError::invalid("DBVersion").into());
    }
    let (pay_type, paid_until) = match pay_type {
        "Postpaid" => (PayType::Postpaid, None),
        "Prepaid" => (PayType::Prepaid, Some(paid_until(arguments, now)?)),
        _ => return Err(ServiceError::invalid("PayType").into()),
    };
    let source = migration_source(arguments, db_type)?;
    check_details(arguments)?;
    let token = arguments.optional("ClientToken");
    if token.is_some_and(|token| token.len() > 64 || !token.is_ascii()) {
        return Err(ServiceError::invalid("ClientToken").into());
    }

    let unique = uuid::Uuid::new_v4().simple().to_string();
    let id = format!("pc-{}", unique.chars().take(17).collect::<String>());
    let mut cluster = Cluster::new(&id, call.account, region, now);
    let text = |name: &str, otherwise: &str| arguments.optional(name).unwrap_or(otherwise).to_owned();
    cluster.description = description(arguments)?.unwrap_or(&id).to_owned();
    cluster.db_type = db_type.to_owned();
    cluster.db_version = db_version.to_owned();
    cluster.pay_type = pay_type;
    cluster.paid_until = paid_until;
    cluster.zone = text("ZoneId", &cluster.zone);
    cluster.node_class = text("DBNodeClass", &cluster.node_class);
    cluster.vpc = text("VPCId", "");
    cluster.vswitch = text("VSwitchId", "");
    cluster.resource_group = text("ResourceGroupId", "");
    cluster.tags = arguments.tags()?;
    cluster.storage_type = arguments
        .one_of("StorageType", &["PSL5", "PSL4", "ESSDPL0", "ESSDPL1", "ESSDPL2", "ESSDPL3", "ESSDAUTOPL"])?
        .to_owned();
    cluster.category = arguments
        .one_of("CreationCategory", &["Normal", "Basic", "ArchiveNormal", "NormalMultimaster", "SENormal"])?
        .to_owned();
    // A migrated cluster starts with binary logging on, whatever is asked for.
    cluster.binary_log = source.is_some() || arguments.one_of("LoosePolarLogBin", &["OFF", "ON"])? == "ON";
    cluster.begin(source, state.durations());

    let creation = Creation {
        parameters: call.parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        cluster: id,
        order: order_number(&unique),
        resource_group: cluster.resource_group.clone(),
    };
    Ok(created(&state.create(&cluster, token, creation)?))
}

/// The RDS instance of a migration. The sandbox makes clusters that are new or migrated; the other documented ways need
/// resources that it does not have.
fn migration_source<'a>(arguments: &Arguments<'a>, db_type: &str) -> Result<Option<&'a str>, ServiceError> {
    if arguments.one_of("CreationOption", &["Normal", "MigrationFromRDS"])? == "Normal" {
        return Ok(None);
    }
    let source = arguments.required("SourceResourceId")?;
    if db_type != "MySQL" {
        return Err(ServiceError::invalid("DBType"));
    }
    let shaped =
        source.len() <= 128 && source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !shaped {
        return Err(ServiceError::invalid("SourceResourceId"));
    }
    arguments.one_of("CloneDataPoint", &["LATEST"])?;
    Ok(Some(source))
}

/// Until when a subscription is paid: 1 to 9 months or 1 to 3 years.
fn paid_until(arguments: &Arguments<'_>, now: Timestamp) -> Result<Timestamp, ServiceError> {
    let period = arguments.required("Period")?;
    arguments.required("UsedTime")?;
    let used = arguments.number("UsedTime")?.unwrap_or_default();
    let span = match (period, used) {
        ("Month", 1..=9) => i64::from(used).months(),
        ("Year", 1..=3) => i64::from(used).years(),
        ("Month" | "Year", _) => return Err(ServiceError::invalid("UsedTime")),
        _ => return Err(ServiceError::invalid("Period")),
    };
    // Months need a calendar; the service's times are UTC.
    let utc = jiff::tz::Offset::UTC;
    let paid = utc.to_datetime(now).checked_add(span).and_then(|paid| utc.to_timestamp(paid));
    paid.map_err(|_| ServiceError::invalid("UsedTime"))
}

fn description<'a>(arguments: &Arguments<'a>) -> Result<Option<&'a str>, ServiceError> {
    let given = arguments.optional("DBClusterDescription");
    match given {
        Some(text)
            if !(2..=256).contains(&text.chars().count())
                || text.starts_with("http://")
                || text.starts_with("https://") =>
        {
            Err(ServiceError::invalid("DBClusterDescription"))
        }
        _ => Ok(given),
    }
}

/// Parameters that the sandbox checks and does not act on.
fn check_details(arguments: &Arguments<'_>) -> Result<(), ServiceError> {
    arguments.one_of("ClusterNetworkType", &["VPC"])?;
    arguments.one_of("LowerCaseTableNames", &["1", "0"])?;
    arguments.boolean("TDEStatus")?;
    arguments.boolean("AutoRenew")?;
    if arguments.optional("DBMinorVersion").is_some() {
        arguments.one_of("DBMinorVersion", &["8.0.1", "8.0.2"])?;
    }
    Ok(())
}

/// Fifteen digits.
fn order_number(unique: &str) -> String {
    let digits: u64 = unique.bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    format!("{:015}", digits % 1_000_000_000_000_000)
}
