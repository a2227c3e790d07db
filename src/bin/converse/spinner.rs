//! A sign of life on the terminal while the model thinks.

use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::output::{Style, is_capable};

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const PERIOD: Duration = Duration::from_millis(80);

/// Turns on standard error, if that is a terminal which can do it, until it is stopped or dropped.
pub(crate) struct Spinner {
    enabled: bool,
    visible: bool,
    turns: usize,
    /// When it turns again, however often something else happens meanwhile.
    next: Instant,
}

impl Spinner {
    pub(crate) fn new() -> Self {
        Self { enabled: is_capable(&io::stderr()), visible: false, turns: 0, next: Instant::now() + PERIOD }
    }

    /// Turns while `future` is under way.
    pub(crate) async fn during<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(self.next), if self.enabled => self.turn(),
                output = &mut future => return output,
            }
        }
    }

    /// Takes it away for good.
    pub(crate) fn stop(&mut self) {
        if self.visible {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
        (self.enabled, self.visible) = (false, false);
    }

    fn turn(&mut self) {
        let frame = FRAMES[self.turns % FRAMES.len()];
        let style = Style::on(&io::stderr());
        let _ = write!(io::stderr(), "\r{}", style.dim(format_args!("{frame} thinking")));
        self.turns += 1;
        self.next = Instant::now() + PERIOD;
        self.visible = true;
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop();
    }
}
