//! Every protocol against a server that follows a script, with the faults that matter.

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::server::{Does, Scripted, chunk, ok, ok_in_chunks, sends, status};
use support::{answer_of, at, question, words};
use trunkline_agent::engines::{
    Delta, Llm, Local, Ollama, OpenAiLlm, OpenAiStt, Receptionist, Stt, Tool, Webhook,
};
use trunkline_agent::{Message, ToolCall};
use trunkline_audio::wav;

fn event(value: Value) -> String {
    format!("data: {value}\n\n")
}

fn says(words: &str) -> String {
    event(json!({"choices": [{"delta": {"content": words}}]}))
}

fn chat(server: &Scripted) -> OpenAiLlm {
    OpenAiLlm {
        server: at(server.port, "/v1"),
        model: "small".to_owned(),
    }
}

fn body(request: &str) -> Value {
    let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
    serde_json::from_str(body).expect("a body of JSON")
}

#[tokio::test]
async fn speech_is_sent_as_a_wav_file_in_a_form() {
    let answer = sends(r#"{"text": " What time is it? "}"#);
    let server = Scripted::http(vec![vec![ok(), answer]]).await;
    let stt = OpenAiStt {
        server: at(server.port, "/v1").with_key("sk-1").expect("a key"),
        model: "whisper-1".to_owned(),
        language: Some("en".to_owned()),
    };
    let speech: Vec<i16> = (0..16_000).map(|n| (n % 999) as i16).collect();
    let heard = stt.transcribe(speech.clone()).await.expect("a transcript");
    assert_eq!(heard, "What time is it?");
    let request = server.request();
    let text = String::from_utf8_lossy(&request);
    assert!(
        text.starts_with("POST /v1/audio/transcriptions HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains("authorization: Bearer sk-1\r\n"));
    assert!(text.contains("name=\"model\"\r\n\r\nwhisper-1\r\n"));
    assert!(text.contains("name=\"language\"\r\n\r\nen\r\n"));
    let file = request
        .windows(4)
        .position(|window| window == b"RIFF")
        .expect("a file");
    let wav = wav::read(&request[file..file + 44 + 32_000]).expect("a WAV file");
    assert_eq!((wav.rate_hz, wav.samples == speech), (16_000, true));
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_once_more_and_one_that_refuses_is_not() {
    let good = vec![ok(), sends(r#"{"text": "yes"}"#)];
    for (code, asked) in [(429, 2), (500, 2), (503, 2), (400, 1), (401, 1), (404, 1)] {
        let no = status(code, "{\"error\": \"key sk\u{7}-no\"}");
        let server = Scripted::http(vec![vec![no], good.clone()]).await;
        let stt = OpenAiStt {
            server: at(server.port, ""),
            model: "w".to_owned(),
            language: None,
        };
        let heard = stt.transcribe(vec![1; 320]).await;
        assert_eq!(server.requests().len(), asked, "{code}");
        match heard {
            Ok(text) => assert_eq!((asked, text.as_str()), (2, "yes")),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(&code.to_string()), "{error}");
                assert!(!error.contains('\u{7}'), "nothing that would spoil a log");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_comes_word_by_word_with_its_functions_in_pieces() {
    let part = |part: Value| event(json!({"choices": [{"delta": {"tool_calls": [part]}}]}));
    let first =
        json!({"index": 0, "id": "c1", "function": {"name": "transfer", "arguments": "{\"t"}});
    let then = json!({"index": 0, "function": {"arguments": "o\":\"sales\"}"}});
    let script = vec![
        ok_in_chunks(),
        chunk(": a comment\n\n"),
        chunk(&says("One")),
        // An event may come in two pieces.
        chunk(&says(" moment.")[..9]),
        Does::Waits(30),
        chunk(&says(" moment.")[9..]),
        chunk(&part(first)),
        chunk(&part(then)),
        chunk("data: [DONE]\n\n"),
    ];
    let server = Scripted::http(vec![script]).await;
    let (answer, ended) = answer_of(&chat(&server), question("Sales, please.")).await;
    assert!(ended.is_ok(), "{ended:?}");
    let call = ToolCall {
        id: "c1".to_owned(),
        name: "transfer".to_owned(),
        arguments: json!({"to": "sales"}),
    };
    let expected = [
        Delta::Words("One".to_owned()),
        Delta::Words(" moment.".to_owned()),
        Delta::Call(call),
    ];
    assert_eq!(answer, expected);
    let asked = body(&server.requests()[0]);
    assert_eq!(
        (&asked["model"], &asked["stream"]),
        (&json!("small"), &json!(true))
    );
    assert_eq!(
        asked["messages"][1],
        json!({"role": "user", "content": "Sales, please."})
    );
    assert_eq!(asked["tools"][0]["function"]["name"], "hang_up");
}

#[tokio::test]
async fn a_number_has_its_own_model_and_functions_are_told_as_they_were() {
    let server = Scripted::http(vec![vec![ok(), sends(says("Hm.") + "data: [DONE]\n\n")]]).await;
    let mut asked = question("The price?");
    asked.model = Some("large".to_owned());
    let call = ToolCall {
        id: "c9".to_owned(),
        name: "price".to_owned(),
        arguments: json!({"of": "tea"}),
    };
    asked.messages.push(Message::Assistant {
        said: String::new(),
        calls: vec![call],
    });
    asked.messages.push(Message::Tool {
        id: "c9".to_owned(),
        name: "price".to_owned(),
        result: "2 EUR".to_owned(),
    });
    let (_, ended) = answer_of(&chat(&server), asked).await;
    assert!(ended.is_ok());
    let asked = body(&server.requests()[0]);
    assert_eq!(asked["model"], "large");
    let told = &asked["messages"][2]["tool_calls"][0];
    assert_eq!(
        (&told["id"], &told["function"]["arguments"]),
        (&json!("c9"), &json!(r#"{"of":"tea"}"#))
    );
    let result = json!({"role": "tool", "tool_call_id": "c9", "content": "2 EUR"});
    assert_eq!(asked["messages"][3], result);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_of_and_what_was_said_is_not_said_twice() {
    for script in [
        vec![ok_in_chunks(), chunk(&says("We open at"))],
        vec![ok(), sends(says("We open at"))],
        vec![
            ok(),
            sends(says("We open at") + "data: {\"error\": {\"message\": \"out of memory\"}}\n\n"),
        ],
        vec![ok(), sends(says("We open at") + "data: <html>\n\n")],
    ] {
        let server = Scripted::http(vec![script]).await;
        let (answer, ended) = answer_of(&chat(&server), question("When?")).await;
        assert_eq!(words(&answer), "We open at");
        assert!(ended.is_err());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_never_began_is_asked_for_once_more() {
    let good = vec![ok(), sends(says("At nine.") + "data: [DONE]\n\n")];
    for bad in [
        vec![],
        vec![sends("SSH-2.0-OpenSSH_9.2\r\n")],
        vec![ok(), sends("<html>\n")],
        vec![ok_in_chunks()],
        vec![status(429, "slow down")],
    ] {
        let server = Scripted::http(vec![bad.clone(), good.clone()]).await;
        let (answer, ended) = answer_of(&chat(&server), question("When?")).await;
        assert!(ended.is_ok(), "{bad:?}: {ended:?}");
        assert_eq!(
            (words(&answer).as_str(), server.requests().len()),
            ("At nine.", 2)
        );
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_place() {
    let server = Scripted::http(vec![]).await;
    let llm = chat(&server);
    let place = format!("127.0.0.1:{}", server.port);
    drop(server);
    // Its listener is gone once its task is.
    let mut told = String::new();
    for _ in 0..100 {
        let (_, ended) = answer_of(&llm, question("When?")).await;
        told = ended.expect_err("nobody is there").to_string();
        if told.contains("cannot be reached") {
            break;
        }
    }
    assert!(
        told.starts_with(&place) && told.contains("cannot be reached"),
        "{told}"
    );
}

#[tokio::test]
async fn an_order_that_is_dropped_closes_its_connection() {
    let server = Scripted::http(vec![vec![
        ok_in_chunks(),
        chunk(&says("Well,")),
        Does::Stays,
    ]])
    .await;
    let llm = chat(&server);
    let (to, mut from) = tokio::sync::mpsc::channel(4);
    let order = llm.reply(question("Tell me everything."), to);
    let first = tokio::select! {
        _ = order => None,
        first = from.recv() => first,
    };
    assert_eq!(first, Some(Delta::Words("Well,".to_owned())));
    server.wait_until_left(1).await;
}

#[tokio::test]
async fn ollama_answers_in_lines() {
    let line = |value: Value| format!("{value}\n");
    let call = json!({"function": {"name": "hang_up", "arguments": {}}});
    let script = vec![
        ok(),
        sends(line(json!({"message": {"content": "Good"}, "done": false}))),
        sends(line(json!({"message": {"content": "bye."}, "done": false}))),
        sends(line(
            json!({"message": {"content": "", "tool_calls": [call]}, "done": false}),
        )),
        // The last line without an end.
        sends(json!({"message": {"content": ""}, "done": true}).to_string()),
    ];
    let server = Scripted::http(vec![script]).await;
    let llm = Ollama {
        server: at(server.port, ""),
        model: "llama3.2".to_owned(),
    };
    let (answer, ended) = answer_of(&llm, question("Bye!")).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(words(&answer), "Goodbye.");
    assert!(matches!(&answer[2], Delta::Call(call) if call.name == "hang_up"));
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /api/chat "), "{request}");
    assert_eq!(body(request)["model"], "llama3.2");
}

#[tokio::test]
async fn ollamas_errors_are_told() {
    for (script, told) in [
        (
            vec![status(404, r#"{"error":"model 'x' not found"}"#)],
            "model 'x' not found",
        ),
        (
            vec![ok(), sends("{\"error\":\"unexpected EOF\"}\n")],
            "unexpected EOF",
        ),
        (
            vec![ok(), sends("{\"message\":{\"content\":\"\"}}\n")],
            "broke off",
        ),
        (vec![ok(), sends("oops\n")], "no JSON"),
    ] {
        let server = Scripted::http(vec![script]).await;
        let llm = Ollama {
            server: at(server.port, ""),
            model: "x".to_owned(),
        };
        let (_, ended) = answer_of(&llm, question("Hi")).await;
        let error = ended.expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn a_function_is_a_web_server() {
    let server = Scripted::http(vec![vec![ok(), sends("2 EUR")]]).await;
    let tools = Webhook::new([("price".to_owned(), at(server.port, "/price"))]);
    let call = ToolCall {
        id: "1".to_owned(),
        name: "price".to_owned(),
        arguments: json!({"of": "tea"}),
    };
    assert_eq!(tools.call(call.clone()).await.expect("a result"), "2 EUR");
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /price HTTP/1.1"), "{request}");
    assert_eq!(body(request), json!({"of": "tea"}));
    let name = "other".to_owned();
    assert!(tools.call(ToolCall { name, ..call }).await.is_err());
}

#[tokio::test]
async fn ollama_thinks_where_it_answers_and_a_script_where_it_does_not() {
    let models = vec![
        ok(),
        sends(r#"{"models": [{"name": "llama3.2:3b"}, {"name": "x"}]}"#),
    ];
    let line = json!({"message": {"content": "At nine."}, "done": true});
    let answer = vec![ok(), sends(line.to_string())];
    let server = Scripted::http(vec![models, answer]).await;
    let script = || Receptionist::new(Arc::new(|| "noon".to_owned()), "From nine to five.");
    let local = Local::new(at(server.port, ""), None, script());
    for _ in 0..2 {
        let (answer, ended) = answer_of(&local, question("When do you open?")).await;
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(words(&answer), "At nine.");
    }
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /api/tags "), "{}", requests[0]);
    assert_eq!(body(&requests[1])["model"], "llama3.2:3b");
    assert_eq!(requests.len(), 3, "it is looked for once in a while");
    for script_of_server in [
        vec![status(404, "")],
        vec![ok(), sends(r#"{"models": []}"#)],
        vec![Does::Stays],
    ] {
        let server = Scripted::http(vec![script_of_server]).await;
        let local = Local::new(at(server.port, ""), None, script());
        let (answer, ended) = answer_of(&local, question("When do you open?")).await;
        assert!(ended.is_ok());
        assert_eq!(words(&answer), "From nine to five.");
    }
}
