//! Ctrl-C in the middle of a run, against a service that answers when the test lets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::sandbox::{Run, Sandbox};

const VPC: &str = r#"<CreateVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
<requestId>r</requestId><vpc><vpcId>vpc-1</vpcId><state>pending</state></vpc></CreateVpcResponse>"#;

/// Refuses everything but the creation of the VPC, which it holds back until it is told to answer.
pub(crate) struct Service {
    pub(crate) address: String,
    pub(crate) asked: Receiver<()>,
    pub(crate) answer: Sender<()>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let ((tell, asked), (answer, wait)) = (channel(), channel());
        thread::spawn(move || {
            let mut wait = Some(wait);
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(body) = request(&mut stream) else { continue };
                if body.contains("Action=CreateVpc&")
                    && let Some(wait) = wait.take()
                {
                    tell.send(()).unwrap();
                    thread::spawn(move || {
                        if wait.recv().is_ok() {
                            respond(&mut stream, "200 OK", VPC);
                        }
                    });
                } else {
                    respond(&mut stream, "403 Forbidden", "");
                }
            }
        });
        Self { address, asked, answer }
    }

    /// A run that has asked for the VPC and waits for the answer.
    fn run(&self, sandbox: &Sandbox) -> Child {
        let mut command = sandbox.command("apply --yes");
        command.env("AWS_ENDPOINT_URL", &self.address);
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.asked.recv().unwrap();
        child
    }
}

/// The body of the request; `None` when the other side has gone.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn respond(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    // The process may have been ended by the test.
    drop(stream.write_all(answer.as_bytes()));
}

pub(crate) fn interrupt(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits until the run has said that it is stopping; what it says after that is still to come.
fn until_stopping(child: &mut Child) -> String {
    let mut said = String::new();
    let mut byte = [0];
    let stderr = child.stderr.as_mut().unwrap();
    while !said.contains("interrupted:") {
        stderr.read_exact(&mut byte).unwrap();
        said.push(byte[0].into());
    }
    said
}

/// What is recorded of the VPC: its address, its status, its id.
fn recorded_vpc(sandbox: &Sandbox) -> Vec<String> {
    let state = sandbox.run("state list").stdout;
    let line = state.lines().find(|line| line.starts_with("ec2.vpc:main")).unwrap_or(&state);
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_first_signal_lets_the_call_return_and_records_what_it_made() {
    for signal in ["-INT", "-TERM"] {
        let (sandbox, service) = (Sandbox::empty(), Service::start());
        assert_eq!(sandbox.run("init --name blog").exit, 0);
        let mut child = service.run(&sandbox);
        interrupt(&child, signal);
        let began = until_stopping(&mut child);
        service.answer.send(()).unwrap();
        let run = Run::of("apply", child.wait_with_output().unwrap());
        assert_eq!(run.exit, 130, "{began}{run}");
        assert!(run.stderr.contains("Interrupted:"), "{began}{run}");
        assert!(run.stderr.contains("run `wpstack apply` to go on"), "{began}{run}");
        assert_eq!(recorded_vpc(&sandbox), ["ec2.vpc:main", "settling", "vpc-1"]);
        // The lock is free: what stops the next run is the missing account.
        assert_eq!(sandbox.run("plan").exit, 1);
    }
}

#[test]
fn a_call_that_does_not_return_is_not_waited_for() {
    let (sandbox, service) = (Sandbox::empty(), Service::start());
    assert_eq!(sandbox.run("init --name blog").exit, 0);
    let mut child = service.run(&sandbox);
    interrupt(&child, "-INT");
    let began = until_stopping(&mut child);
    // The service never answers.
    let run = Run::of("apply", child.wait_with_output().unwrap());
    assert_eq!(run.exit, 130, "{began}{run}");
    assert!(run.stderr.contains("run `wpstack apply` to go on"), "{began}{run}");
    assert_eq!(recorded_vpc(&sandbox), ["ec2.vpc:main", "creating", "-"]);
    assert_eq!(sandbox.run("plan").exit, 1, "the lock is free");
}

#[test]
fn the_second_signal_leaves_at_once() {
    let (sandbox, service) = (Sandbox::empty(), Service::start());
    assert_eq!(sandbox.run("init --name blog").exit, 0);
    let mut child = service.run(&sandbox);
    interrupt(&child, "-INT");
    until_stopping(&mut child);
    interrupt(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(recorded_vpc(&sandbox), ["ec2.vpc:main", "creating", "-"]);
}
