//! Shows a run while it goes, on a thread of its own: events never wait for the terminal.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anstream::adapter::strip_str;
use jiff::Timestamp;
use wpstack_core::Teller;
use wpstack_core::event::{Event, Events, What};
use wpstack_core::time::Clock;

use crate::console::Console;
use crate::environment;
use crate::render::progress::{Board, frame, line};
use crate::render::style::calm;

/// How often the live picture is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// The thread that shows the run.
#[derive(Debug)]
pub(crate) struct Progress(JoinHandle<()>);

impl Progress {
    /// Waits until everything that was told is shown. All its [`Events`] must be gone by then.
    pub(crate) fn end(self) {
        // A renderer that broke has said so on standard error; the run's result does not depend on it.
        drop(self.0.join());
    }
}

/// Begins to show what is told to the [`Events`].
pub(crate) fn show(console: Console, clock: Arc<dyn Clock>) -> (Events, Progress) {
    let (sender, receiver) = channel();
    let events = Events::to(move |event: &Event| drop(sender.send(event.clone())));
    let thread = if console.json {
        thread::spawn(move || lines_of_json(console, &receiver))
    } else if environment::can_redraw() {
        let screen = Screen { console, clock, board: Board::default(), drawn: 0 };
        thread::spawn(move || screen.run(&receiver))
    } else {
        thread::spawn(move || lines(console, &receiver))
    };
    (events, Progress(thread))
}

fn lines_of_json(console: Console, events: &Receiver<Event>) {
    for event in events {
        let line = serde_json::to_value(&event).map(|event| console.line(&event));
        // Whoever stopped reading does not stop the run.
        drop(line);
    }
}

fn lines(console: Console, events: &Receiver<Event>) {
    let mut board = Board::default();
    for event in events {
        board.take(&event);
        if let Some(line) = line(&board, &event, console.verbose) {
            console.say(&line);
        }
    }
}

/// A terminal: lines that scroll away, and below them a picture that is drawn over.
struct Screen {
    console: Console,
    clock: Arc<dyn Clock>,
    board: Board,
    /// How many lines the picture has now.
    drawn: usize,
}

impl Screen {
    fn run(mut self, events: &Receiver<Event>) {
        loop {
            let mut news = String::new();
            match events.recv_timeout(TICK) {
                Ok(event) => {
                    news += &self.take(&event);
                    // What came meanwhile is drawn at once.
                    news += &events.try_iter().map(|event| self.take(&event)).collect::<String>();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.draw(&news);
        }
        self.replace("", &[]);
    }

    fn take(&mut self, event: &Event) -> String {
        self.board.take(event);
        let in_picture = match &event.what {
            What::StepStarted { .. } => true,
            // A warning stays when the next word has taken its place in the picture.
            What::StepWaiting { phase, .. } => !phase.starts_with(Teller::WARNING),
            _ => false,
        };
        if in_picture && !self.console.verbose {
            return String::new();
        }
        line(&self.board, event, self.console.verbose).unwrap_or_default()
    }

    fn draw(&mut self, news: &str) {
        let (columns, rows) = environment::size();
        let picture = if self.board.running().is_empty() {
            Vec::new()
        } else {
            // A line as wide as the terminal would wrap in some, and then one line is two.
            frame(&self.board, self.now(), columns.saturating_sub(1), rows / 2)
        };
        self.replace(news, &picture);
    }

    /// The time of the run. A virtual clock is ahead of the events that are shown.
    fn now(&self) -> Timestamp {
        if self.clock.as_virtual().is_some() { self.board.last } else { self.clock.now() }
    }

    /// Draws `news` where the picture was, and `picture` below.
    fn replace(&mut self, news: &str, picture: &[String]) {
        let mut text = news.to_owned();
        for line in picture {
            text += line;
            text.push('\n');
        }
        let up = if self.drawn > 0 { format!("\x1b[{}A\x1b[J", self.drawn) } else { String::new() };
        self.drawn = picture.len();
        // Written past the stripping stream, for moving the cursor is no colour.
        let stderr = std::io::stderr();
        let plain = anstream::AutoStream::choice(&stderr) == anstream::ColorChoice::Never;
        let text = calm(&text);
        let text = if plain { strip_str(&text).to_string() } else { text };
        let mut stream = stderr.lock();
        drop(stream.write_all((up + &text).as_bytes()).and_then(|()| stream.flush()));
    }
}
