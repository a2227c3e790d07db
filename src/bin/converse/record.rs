//! `converse record`: an exchange as it was on the wire, for tests.

use std::io;
use std::path::PathBuf;

use bedrock_converse::Result;
use serde_json::json;

use crate::connect::Connection;
use crate::output::{self, Output};
use crate::request::RequestFile;

/// Send a request that stands in a file, and keep the exchange for tests
///
/// The request and its answer are written into a folder in which `converse serve --fixtures` and the library find them.
/// What is printed is the folder of each exchange: several, when it was tried again. A request that holds a secret is
/// not sent.
#[derive(clap::Args)]
pub(crate) struct Record {
    /// The folder in which each exchange becomes one, such as `001-converse`, after those that are there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    file: RequestFile,
    #[command(flatten)]
    connection: Connection,
}

impl Record {
    pub(crate) async fn run(self, output: Output) -> Result<()> {
        let input = self.file.read()?;
        let (link, recorder) = self.connection.record(&self.folder).await?;
        let outcome = self.file.send(&input, link.provider.clone(), &mut io::sink()).await;
        for folder in recorder.written() {
            let folder = folder.display();
            match output {
                Output::Json => output::print_json(&json!({ "folder": folder.to_string() }))?,
                Output::Text => output::print(format_args!("{folder}\n"))?,
            }
        }
        // An answer that says that it failed is recorded too; one that is not recorded is the greater failure.
        recorder.finish()?;
        outcome.map_err(|error| self.connection.explain(error))
    }
}
