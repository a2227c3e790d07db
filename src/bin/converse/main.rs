//! The program `converse`: everything that the library does, from a shell.

use std::panic;
use std::process::ExitCode;

use bedrock_converse::{Error, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

mod answer;
mod ask;
mod chat;
mod check;
mod connect;
mod count_tokens;
mod credentials;
mod decode;
mod dry_run;
mod history;
mod input;
mod models;
mod output;
mod prompt;
mod record;
mod request;
mod serve;
mod spinner;
mod text;

use output::{Failure, Output};

/// Talk to Amazon Bedrock's Converse, or to a local stand-in
#[derive(clap::Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    /// For whom answers and errors are printed
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORM")]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    it worked
  1    it failed; standard error says why, and with `--output json` its last line says so to programs
  2    the command line is wrong
  130  interrupted by Ctrl-C";

#[derive(clap::Subcommand)]
enum Command {
    Ask(ask::Ask),
    Chat(chat::Chat),
    Request(request::Request),
    Record(record::Record),
    CountTokens(count_tokens::CountTokens),
    Check(check::Check),
    Decode(decode::Decode),
    Serve(serve::Serve),
    Models(models::Models),
    Credentials(credentials::ShowCredentials),
    Completions(Completions),
}

/// Print the script that completes this program's command lines in a shell
#[derive(clap::Args)]
struct Completions {
    shell: clap_complete::Shell,
}

impl Command {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let outcome = match self {
            Self::Chat(chat) => return chat.run(output).await,
            Self::Ask(ask) => ask.run(output).await,
            Self::Request(request) => request.run(output).await,
            Self::Record(record) => record.run(output).await,
            Self::CountTokens(count) => count.run(output).await,
            Self::Check(check) => check.run(output).await,
            Self::Decode(decode) => decode.run(),
            Self::Serve(serve) => serve.run(output).await,
            Self::Models(models) => models.run(output),
            Self::Credentials(credentials) => credentials.run(output).await,
            Self::Completions(Completions { shell }) => {
                clap_complete::generate(shell, &mut Cli::command(), "converse", &mut std::io::stdout());
                Ok(())
            }
        };
        outcome.map_err(Failure::Error)
    }

    /// What is made for programs says so to programs when it fails.
    fn output(&self, asked: Output) -> Output {
        match self {
            Self::Request(_) | Self::Decode(_) => Output::Json,
            Self::Credentials(credentials) if credentials.show => Output::Json,
            _ => asked,
        }
    }
}

fn main() -> ExitCode {
    let Cli { output, command } = Cli::parse();
    let errors = command.output(output);
    if errors == Output::Json {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |bug| {
            hook(bug);
            output::report_json("unexpected", bug.to_string(), None, None);
            std::process::exit(1);
        }));
    }
    match run(command, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            output::end_line();
            ExitCode::from(130)
        }
        Err(Failure::Error(error)) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(Failure::Error(error)) => {
            output::report(&error, errors);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, output: Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| output::io_error("the async runtime cannot be set up", error))?;
    let outcome = runtime.block_on(async {
        match command {
            // There an interrupt ends an answer, not always the program.
            Command::Chat(_) => command.run(output).await,
            _ => tokio::select! {
                outcome = command.run(output) => outcome,
                interrupt = interrupted() => Err(interrupt),
            },
        }
    });
    // A thread may still be waiting for a line that nobody will type.
    runtime.shutdown_background();
    outcome
}

/// Waits for Ctrl-C.
async fn interrupted() -> Failure {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Failure::Interrupted,
        Err(error) => Error::new(ErrorKind::Io, "Ctrl-C cannot be listened to").with_source(error).into(),
    }
}
