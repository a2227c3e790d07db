//! Recorded exchanges, answered by the server.

use std::{env, fs};

use bedrock_converse::serve::Server;
use serde_json::json;

use crate::fixtures::{Answer, cases, folder};
use crate::serve::Request;

#[tokio::test]
async fn a_recorded_request_gets_the_recorded_answer() {
    let server = Server::builder().fixtures(folder("converse")).unwrap().start().unwrap();
    for case in cases() {
        // What is empty counts as absent.
        let mut request = case.request.clone();
        for member in ["additionalModelRequestFields", "unknown"] {
            request.as_object_mut().unwrap().entry(member).or_insert(json!({}));
        }
        let answer = Request::new(&case.path, &request).signed(&server).send(&server).await;
        assert_eq!((answer.status, answer.header("x-amzn-requestid")), (200, Some(&*case.id())), "{}", case.name);
        match &case.answer {
            Answer::Json(body) => assert_eq!(answer.json(), *body),
            Answer::Stream { frames, .. } => assert_eq!(answer.body, frames.concat()),
            Answer::Text(..) => unreachable!("no model answers so"),
        }
        request["unknown"] = json!({ "something": "else" });
        let answer = Request::new(&case.path, &request).signed(&server).send(&server).await;
        assert_ne!(answer.header("x-amzn-requestid"), Some(&*case.id()));
    }
}

#[tokio::test]
async fn some_are_built_in() {
    let server = Server::start().unwrap();
    let case = cases().into_iter().find(|case| case.name == "anthropic/tool-use-stream").unwrap();
    let answer = Request::new(&case.path, &case.request).signed(&server).send(&server).await;
    assert_eq!(answer.header("x-amzn-requestid"), Some(&*case.id()));
}

#[tokio::test]
async fn a_recorded_stream_breaks_where_its_recording_does() {
    let server = Server::builder().fixtures(folder("faults/cut-stream")).unwrap().start().unwrap();
    let case = crate::fixtures::fault("cut-stream");
    let answer = Request::new(&case.path, &case.request).signed(&server).send(&server).await;
    let Answer::Stream { frames, .. } = case.answer else { panic!("it is a stream") };
    assert_eq!((answer.body, answer.whole), (frames.concat(), false));
}

#[tokio::test]
async fn faults_find_their_place_in_a_recorded_stream() {
    let server = Server::start().unwrap();
    let case = cases().into_iter().find(|case| case.name == "amazon/text-stream").unwrap();
    let request = Request::new(&case.path, &case.request).header("x-converse-fault", "exception at=messageStop");
    let (events, _) = request.signed(&server).send(&server).await.events();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[3..], ["contentBlockStop", "internalServerException"]);
}

#[test]
fn what_is_no_fixture_is_named() {
    let folder = env::temp_dir().join(format!("bedrock-converse-fixture-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let error = |files: &[(&str, &str)]| {
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        Server::builder().fixtures(&folder).unwrap_err().to_string()
    };
    assert!(error(&[("meta.json", "{")]).contains("request.json"));
    assert!(error(&[("request.json", "{}"), ("response.txt", "x")]).contains("meta.json"));
    assert!(error(&[("meta.json", r#"{"request": {"method": "POST"}}"#)]).contains("request.path"));
    fs::remove_dir_all(&folder).unwrap();
    assert!(Server::builder().fixtures(&folder).unwrap_err().to_string().contains("cannot be read"));
}
