use super::*;
use crate::{Settings, ToolSpec};
use trunkline_call::Target;

fn asked(messages: Vec<Message>) -> Answer {
    asked_with(messages, Vec::new())
}

fn asked_with(messages: Vec<Message>, tools: Vec<ToolSpec>) -> Answer {
    let target = |text: &str| Target::new(text).unwrap();
    let settings = Settings {
        transfers: vec![
            ("reception".to_owned(), target("sip:1@a")),
            ("sales".to_owned(), target("sip:2@a")),
        ],
        tools,
        ..Settings::default()
    };
    let question = Question {
        messages,
        tools: settings.tools_told().into(),
        model: None,
    };
    let clock: Clock = Arc::new(|| "half past two".to_owned());
    Receptionist::new(clock, "We are open from nine to five.").answer(&question)
}

fn answer(said: &str) -> String {
    asked(vec![user(said)]).0
}

fn user(text: &str) -> Message {
    Message::User(text.to_owned())
}

/// What is said and called with a function that makes appointments.
fn appointed(messages: Vec<Message>) -> Answer {
    let tool = ToolSpec {
        name: APPOINTMENT.to_owned(),
        description: "Makes an appointment.".to_owned(),
        parameters: json!({"type": "object"}),
    };
    asked_with(messages, vec![tool])
}

#[test]
fn many_ways_to_ask_are_understood() {
    for (said, intent) in [
        ("What time is it?", Intent::Time),
        ("Could you tell me the time please", Intent::Time),
        ("When do you open tomorrow?", Intent::Hours),
        ("What are your opening hours?", Intent::Hours),
        ("Are you closed on Sundays?", Intent::Hours),
        ("I want to speak to a human being.", Intent::Person),
        ("Please transfer me to sales.", Intent::Person),
        ("Could I book an appointment?", Intent::Appointment),
        ("Can I talk to someone?", Intent::Person),
        ("My name is Peter Hughes.", Intent::GiveName),
        ("What's my name?", Intent::AskName),
        ("Are you a robot?", Intent::Self_),
        ("Thanks a lot!", Intent::Thanks),
        ("No, that's all. Goodbye.", Intent::Goodbye),
        ("Hi there", Intent::Hello),
    ] {
        assert_eq!(super::intent(said), Some(intent), "{said}");
    }
    assert_eq!(super::intent("Him and the chip"), None);
}

#[test]
fn it_knows_the_time_the_hours_and_that_it_is_scripted() {
    assert_eq!(answer("What time is it?"), "It is half past two.");
    assert_eq!(
        answer("When do you open?"),
        "We are open from nine to five."
    );
    assert!(answer("Who are you?").contains("scripted"));
    assert!(answer("Blue elephants").contains("did not understand"));
    assert_eq!(answer("[keys pressed: 12#]"), "You pressed 1, 2, pound.");
}

#[test]
fn it_remembers_a_name_for_the_call() {
    let (said, _) = asked(vec![user(
        "Hello, my name is Peter Hughes. I have a question.",
    )]);
    assert_eq!(
        said,
        "Nice to meet you, Peter Hughes. What can I do for you?"
    );
    let (said, _) = asked(vec![
        user("This is Ann, and I call again."),
        user("What is my name?"),
    ]);
    assert_eq!(said, "You said that your name is Ann.");
    assert_eq!(
        answer("What is my name?"),
        "You have not told me your name."
    );
}

#[test]
fn it_hands_over_and_hangs_up_by_the_same_tools_as_a_model() {
    for (said, to) in [
        ("Sales, please, a person", "sales"),
        ("A human!", "reception"),
    ] {
        let (_, call) = asked(vec![Message::User(said.to_owned())]);
        let call = call.expect("a tool");
        assert_eq!(
            (call.name.as_str(), &call.arguments),
            ("transfer", &json!({"to": to}))
        );
    }
    let (_, call) = asked(vec![Message::User("Bye!".to_owned())]);
    assert_eq!(call.expect("a tool").name, "hang_up");
}

#[test]
fn a_caller_who_gives_a_name_is_answered_what_they_ask_in_the_same_breath() {
    assert_eq!(
        answer("Hi, my name is Peter Hughes. When are you open?"),
        "Nice to meet you, Peter Hughes. We are open from nine to five."
    );
    assert_eq!(
        answer("Hi, this is Ann. Do you remember my name?"),
        "You said that your name is Ann."
    );
}

#[test]
fn an_appointment_is_made_question_by_question() {
    let wish = "My name is Ann. I need an appointment.";
    let mut talk = vec![user(wish)];
    let says = |said: &str, talk: &mut Vec<Message>| {
        talk.push(user(said));
        appointed(talk.clone())
    };
    assert_eq!(
        appointed(talk.clone()).0,
        "Nice to meet you, Ann. On which day, and at what time?"
    );
    assert_eq!(
        says("On Thursday.", &mut talk).0,
        "At what time on Thursday?"
    );
    assert!(
        says("Ten thirty.", &mut talk)
            .0
            .contains("Thursday at half past ten. Please enter")
    );
    // What has nothing to do with it is answered in between.
    assert!(
        says("What time is it?", &mut talk)
            .0
            .contains("half past two")
    );
    let (said, call) = says("[keys pressed: 4271#]", &mut talk);
    let call = call.expect("a function");
    assert_eq!((said.as_str(), call.name.as_str()), ("", APPOINTMENT));
    let given =
        json!({"day": "Thursday", "time": "half past ten", "number": "4271", "name": "Ann"});
    assert_eq!(call.arguments, given);
    let result = |text: &str| Message::Tool {
        id: call.id.clone(),
        name: call.name.clone(),
        result: text.to_owned(),
    };
    let mut made = talk.clone();
    made.push(result("It is made."));
    assert_eq!(appointed(made.clone()), ("It is made.".to_owned(), None));
    // It is made once.
    made.push(user("[keys pressed: 1]"));
    assert_eq!(appointed(made).0, "You pressed 1.");
    talk.push(result("error: the calendar is closed"));
    assert!(appointed(talk).0.contains("did not work"));
}

#[test]
fn times_are_understood_as_they_are_said_and_as_they_are_written() {
    for said in [
        "An appointment for Monday at ten, please.",
        "An appointment on Monday, 10 o'clock.",
        "An appointment on Monday at 10 a.m.",
        "An appointment on Monday around 10:00.",
    ] {
        let (answer, _) = appointed(vec![user(said)]);
        assert!(
            answer.starts_with("Monday at ten o'clock."),
            "{said}: {answer}"
        );
    }
    let (said, _) = appointed(vec![user("Book me in for tomorrow, half past three.")]);
    assert!(said.starts_with("Tomorrow at half past three."), "{said}");
    let (said, _) = asked(vec![user("Can I make an appointment?")]);
    assert!(said.contains("cannot make appointments"), "{said}");
}
