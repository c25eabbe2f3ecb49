//! `ramgate call`: one signed call.

mod answer;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use super::endpoint::Endpoint;
use super::exchange::{self, NoAnswer};
use super::output::{self, Format};
use super::{Exit, credential};
use crate::catalog::{Catalog, Parameters, Unlisted};
use crate::gateway::tls;
use crate::openapi;
use crate::openapi::sign::{SigningRequest, sign_acs3};

const EXAMPLES: &str = "\
Environment:
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET   the key to sign with
  ALIBABA_CLOUD_SECURITY_TOKEN   its token, where it is the key of a session

Exit statuses: 0 carried out (2xx), 1 refused (4xx), 2 usage: nothing was sent,
3 no answer or one that says neither (5xx): look before you repeat the call.

Examples:
  ramgate call polardb DescribeDBClusters RegionId=cn-hangzhou --endpoint http://127.0.0.1:7070
  ramgate call polardb CloseDBClusterMigration DBClusterId=pc-bp1demo00000001 \\
      --endpoint https://gate.internal:8443 --ca gate-ca.pem";

/// Sign a call and send it, with the key that the Alibaba Cloud SDKs take from the environment.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Call {
    /// The product's RAM code, as in polardb.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    product: String,
    /// The operation, as in DescribeDBClusters.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    operation: String,
    /// Parameters of the call; elements of a list as in `Tag.1.Key=team`.
    #[arg(value_name = "Name=value")]
    parameters: Vec<String>,
    /// Where to send it: http[s]://host[:port]. Without it, to the service itself, in the region of --region or RegionId.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The region whose public endpoint is called; RegionId among the parameters says it as well.
    #[arg(long, value_name = "ID", conflicts_with = "endpoint")]
    region: Option<String>,
    /// The version of the API, where the catalogue has several or does not know the product.
    #[arg(long, value_name = "VERSION", value_parser = NonEmptyStringValueParser::new())]
    api_version: Option<String>,
    /// Send operations and parameters that are not in the catalogue, as `aliyun --force` does.
    #[arg(long)]
    force: bool,
    /// Send without encryption to a host that is not this machine. A security token is never sent so.
    #[arg(long)]
    plain: bool,
    /// A PEM file with a certificate authority to trust besides the web's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How long to wait for the answer. A gate with its own limits needs up to 60 seconds to say that there is none.
    #[arg(long, value_name = "SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// How to print the answer; `json` gives status, request_id and body.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Call {
    pub(super) fn run(self) -> Exit {
        self.send().unwrap_or_else(|message| {
            output::complain(message);
            Exit::Usage
        })
    }

    /// # Errors
    /// Why nothing was sent.
    fn send(self) -> Result<Exit, String> {
        let parameters = self.parameters()?;
        let version = self.version(&parameters)?;
        let endpoint = self.endpoint(&parameters)?;
        let credential = credential::from_environment().map_err(|error| error.to_string())?;
        endpoint.admits(credential.security_token.is_some(), self.plain)?;
        let tls = tls::client(self.ca.as_deref()).map_err(|error| error.to_string())?;
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return Ok(failed(error)),
        };
        let request = sign_acs3(&SigningRequest {
            host: endpoint.host(),
            action: &self.operation,
            version: &version,
            parameters: &parameters,
            credential: &credential,
            date: Timestamp::now(),
            nonce: &uuid::Uuid::new_v4().simple().to_string(),
            format: openapi::Format::Json,
        });
        let answered = runtime.block_on(exchange::send(&endpoint, request, tls, Duration::from_secs(self.timeout)));
        let answer = match answered {
            Ok(answer) => answer,
            Err(error @ NoAnswer::Unsendable(_)) => return Err(error.to_string()),
            Err(error) => return Ok(failed(error)),
        };
        answer::print(&answer, self.format, credential.security_token.as_ref());
        Ok(match answer.status {
            _ if answer::succeeded(&answer) => Exit::Success,
            400..500 => Exit::Finding,
            _ => Exit::Internal,
        })
    }

    fn parameters(&self) -> Result<Parameters, String> {
        let mut parameters = Parameters::new();
        for (index, parameter) in self.parameters.iter().enumerate() {
            // Not shown: a password may stand there.
            let (name, value) = parameter
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| format!("parameter {} has no name: write Name=value", index + 1))?;
            parameters.insert(name, value).map_err(|error| error.to_string())?;
        }
        Ok(parameters)
    }

    /// The version of the API, once the catalogue has been asked about everything that the call names.
    fn version(&self, parameters: &Parameters) -> Result<String, String> {
        let version = self.api_version.as_deref();
        if let (true, Some(version)) = (self.force, version) {
            return Ok(version.to_owned());
        }
        let catalog = Catalog::embedded();
        let product = catalog.listed(&self.product, version).map_err(unlisted)?;
        if !self.force {
            product.lists(&self.operation, parameters).map_err(unlisted)?;
        }
        Ok(product.version().to_owned())
    }

    fn endpoint(&self, parameters: &Parameters) -> Result<Endpoint, String> {
        if let Some(endpoint) = &self.endpoint {
            return Endpoint::parse(endpoint);
        }
        let region = self.region.as_deref().or_else(|| parameters.get("RegionId")).filter(|region| !region.is_empty());
        let region =
            region.ok_or("it is not known where to send the call: say `--endpoint`, or the region with `--region`")?;
        let host = Catalog::embedded()
            .endpoint(&self.product, region)
            .ok_or_else(|| format!("no endpoint of `{}` in `{region}` is known: say `--endpoint`", self.product))?;
        Endpoint::parse(&format!("https://{host}"))
            .map_err(|_| format!("`{region}` is no region: say it as in `cn-hangzhou`, or say `--endpoint`"))
    }
}

/// What is not in the catalogue, and how it is sent all the same.
fn unlisted(unlisted: Unlisted) -> String {
    let way = match unlisted {
        Unlisted::Product { .. } => "`--force` with `--api-version` and `--endpoint` sends the call all the same",
        Unlisted::Version { .. } => "`--force` with `--api-version` sends the call in any other",
        _ => "`--force` sends the call all the same",
    };
    format!("{unlisted}; {way}")
}

fn failed(error: impl std::fmt::Display) -> Exit {
    output::complain(error);
    Exit::Internal
}
