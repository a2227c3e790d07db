//! `converse chat`: a conversation.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bedrock_converse::messages::ModelMessage;
use bedrock_converse::{BedrockConverseModel, Result};

use crate::answer::{self, ModelArgs};
use crate::connect::Connection;
use crate::output::{self, Failure, Output, Style};
use crate::{history, interrupted, prompt};

/// Talk with a model. The conversation can be saved for pydantic-ai, and one of pydantic-ai's continued
#[derive(clap::Args)]
pub(crate) struct Chat {
    /// The system prompt of a new conversation
    #[arg(short, long, value_name = "TEXT")]
    system: Option<String>,
    /// Continue the conversation in this file, if it is there, and save it there after each answer
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    connection: Connection,
}

const HELP: &str = "\
/save FILE  save the conversation
/load FILE  go on with a saved conversation
/quit       end it (or Ctrl-D)
A line that ends with \\ goes on in the next one. Ctrl-C ends an answer, or else the program.";

impl Chat {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let interactive = io::stdin().is_terminal();
        let link = self.connection.open(output::is_watched()).await?;
        let model = self.model.build(&link)?;
        let messages = match &self.history {
            Some(file) if file.exists() => history::load(file)?,
            _ => Vec::new(),
        };
        if interactive {
            let greeting = format!("{}. /help says what else there is.", model.model_name());
            output::note(Style::on(&io::stderr()).dim(greeting));
        }
        let mut talk = Talk { model, system: self.system, file: self.history, messages };
        loop {
            let said = tokio::select! {
                said = read(interactive) => said?,
                interrupt = interrupted() => return Err(interrupt),
            };
            let Some(said) = said else { return Ok(()) };
            match talk.turn(said.trim(), output).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if interactive => output::report(&self.connection.explain(error), output),
                Err(error) => return Err(self.connection.explain(error).into()),
            }
        }
    }
}

struct Talk {
    model: BedrockConverseModel,
    system: Option<String>,
    file: Option<PathBuf>,
    messages: Vec<ModelMessage>,
}

impl Talk {
    /// Does what was said, and says whether the conversation goes on.
    async fn turn(&mut self, said: &str, output: Output) -> Result<bool> {
        let (command, argument) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
        match (command, argument.trim()) {
            ("", _) => {}
            ("/quit", "") => return Ok(false),
            ("/help", "") => output::note(HELP),
            ("/save" | "/load", "") => output::note(format_args!("{command} needs the name of a file")),
            ("/save", file) => history::save(Path::new(file), &self.messages)?,
            ("/load", file) => self.messages = history::load(Path::new(file))?,
            (command, "") if command.starts_with('/') => output::note(format_args!("there is no {command}\n{HELP}")),
            _ => self.ask(said, output).await?,
        }
        Ok(true)
    }

    async fn ask(&mut self, said: &str, output: Output) -> Result<()> {
        let system = self.system.as_deref().filter(|_| self.messages.is_empty());
        self.messages.push(prompt::request(system, said).into());
        let answer = tokio::select! {
            answer = answer::show(&self.model, &self.messages, None, output) => answer.map(Some),
            _ = interrupted() => Ok(None),
        };
        match answer {
            Ok(Some(answer)) => self.messages.push(answer.into()),
            // The next turn starts from where this one did.
            unanswered => {
                self.messages.pop();
                unanswered?;
                output::end_line();
                output::note("interrupted; the question is forgotten");
                return Ok(());
            }
        }
        match &self.file {
            Some(file) => history::save(file, &self.messages),
            None => Ok(()),
        }
    }
}

/// What the user types: a line, and further ones as long as they end with `\`. `None` at the end of the input.
async fn read(interactive: bool) -> Result<Option<String>> {
    let mut said = String::new();
    loop {
        if interactive {
            let _ = write!(io::stderr(), "{} ", if said.is_empty() { ">" } else { "…" });
        }
        // A thread of its own waits for it, so that Ctrl-C is heard meanwhile.
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = line.await.map_err(io::Error::from).and_then(|line| line);
        let line = line.map_err(|error| output::io_error("standard input", error))?;
        if line.is_empty() {
            // Ctrl-D leaves the cursor behind the prompt.
            if interactive {
                output::note("");
            }
            return Ok(Some(said).filter(|said| !said.is_empty()));
        }
        match line.trim_end_matches(['\r', '\n']).strip_suffix('\\') {
            Some(line) => {
                said += line;
                said.push('\n');
            }
            None => return Ok(Some(said + &line)),
        }
    }
}
