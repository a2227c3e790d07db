//! `converse check`: whether the service will take a request.

use std::io;
use std::path::PathBuf;

use bedrock_converse::convert::{self, Downloads, Target};
use bedrock_converse::messages::ForceDownload;
use bedrock_converse::preflight::{self, Severity};
use bedrock_converse::transport::Downloader;
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse::{Error, ErrorKind, ModelProfile, Result};

use crate::input::Input;
use crate::output::{self, Output, Style};
use crate::text::shown_on;

/// Find out before a request is sent what the service will refuse in it
#[derive(clap::Args)]
pub(crate) struct Check {
    /// The request, as `converse request` takes it
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Mend what can be mended without guessing, and print the body to send. What is mended goes to standard error
    #[arg(long)]
    repair: bool,
}

impl Check {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let input = Input::read(&self.input)?;
        let mut profile = ModelProfile::for_model(&input.model);
        profile.merge(&input.profile)?;
        let mut request = wire_request(input, &profile).await?;
        if self.repair {
            for finding in preflight::repair(&mut request, &profile) {
                output::note(shown_on(&io::stderr(), finding));
            }
        }
        let findings = preflight::check(&request, &profile);
        let style = Style::on(&io::stdout());
        for finding in &findings {
            match output {
                _ if self.repair => output::note(shown_on(&io::stderr(), finding)),
                Output::Json => output::print_json(finding)?,
                Output::Text => {
                    output::print(shown_on(&io::stdout(), format_args!("{finding}\n")))?;
                    if let Some(text) = &finding.aws {
                        let text = shown_on(&io::stdout(), text);
                        output::print(format_args!("{}\n", style.dim(format_args!("  AWS answers: {text}"))))?;
                    }
                }
            }
        }
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if errors > 0 {
            let message = format!("the service would refuse this request; errors: {errors}");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        if self.repair { output::print_json(&request) } else { Ok(()) }
    }
}

/// The request as it would be sent.
async fn wire_request(input: Input, profile: &ModelProfile) -> Result<ConverseRequest> {
    let Input { model, messages, settings, parameters, .. } = input;
    let target = Target { model_name: &model, provider_name: "bedrock", profile };
    let prepared = target.prepare_request(settings.unwrap_or_default(), parameters.unwrap_or_default())?;
    let (downloader, mut downloads) = (Downloader::new(), Downloads::new());
    for file in convert::downloads(&messages) {
        let allow_local = file.force_download == ForceDownload::AllowLocal;
        downloads.insert(file.url.clone(), downloader.fetch(&file.url, allow_local).await?);
    }
    target.converse_request(&messages, &prepared, &downloads)
}
