//! Once a call is up, audio costs no allocation, whichever way it goes.

mod rig;

use trunkline_audio::{AudioFrame, FRAME_SAMPLES};
use trunkline_call::{CallEvent, Direction, Parameters};
use trunkline_streams::dialect::{STREAMS, dialect};
use trunkline_streams::stream::{Down, Media, Start, Track, Up};
use trunkline_streams::{
    AppInput, AppOutput, AppWire, Echo, Frame, SampleRate, StreamApp, Trunkline, WireOptions,
};
use trunkline_testkit::Counting;

#[global_allocator]
static COUNTING: Counting = Counting::each_thread();

const MESSAGES: usize = 1_000;

fn drain(wire: &mut dyn AppWire) -> usize {
    let mut outputs = 0;
    while !matches!(wire.poll_output(), AppOutput::Timeout(_)) {
        outputs += 1;
    }
    outputs
}

/// Allocations of the second of two rounds; the first warms the buffers up.
fn allocations(mut round: impl FnMut() -> usize) -> u64 {
    assert_eq!(round(), MESSAGES);
    let before = Counting::so_far();
    assert_eq!(round(), MESSAGES);
    Counting::so_far() - before
}

fn audio() -> CallEvent {
    let frame = AudioFrame::from_samples([5; FRAME_SAMPLES]);
    CallEvent::Audio {
        frame,
        at: 0,
        concealed: false,
    }
}

#[test]
fn the_counter_counts() {
    let before = Counting::so_far();
    drop(std::hint::black_box(vec![1_u8; 100]));
    assert_eq!(Counting::so_far() - before, 1);
}

#[test]
fn a_thousand_messages_each_way_at_every_rate() {
    let now = rig::start();
    let rates = [
        SampleRate::Hz8000,
        SampleRate::Hz16000,
        SampleRate::Hz24000,
        SampleRate::Hz48000,
    ];
    for sample_rate in rates {
        let options = WireOptions {
            sample_rate,
            ..WireOptions::default()
        };
        let mut wire = Trunkline::new(rig::info(Direction::Inbound), options);
        wire.handle_input(now, AppInput::Opened);
        drain(&mut wire);
        let heard = audio();
        let to_app = allocations(|| {
            let send = |_| {
                wire.handle_input(now, AppInput::Event(&heard));
                drain(&mut wire)
            };
            (0..MESSAGES).map(send).sum()
        });
        // Sizes that leave half a sample behind, up to a second at once.
        let said = vec![1_u8; sample_rate.hz() as usize * 2];
        let from_app = allocations(|| {
            let receive = |number: usize| {
                let size = [641, 639, 320, said.len()][number % 4];
                let message = said.get(..size).unwrap_or_default();
                wire.handle_input(now, AppInput::Received(Frame::Binary(message)));
                drain(&mut wire)
            };
            (0..MESSAGES).map(receive).sum()
        });
        assert_eq!((to_app, from_app), (0, 0), "at {} Hz", sample_rate.hz());
    }
}

#[test]
fn an_echo() {
    let now = rig::start();
    let mut echo = Echo::new(Direction::Inbound);
    drain(&mut echo);
    let heard = audio();
    let count = allocations(|| {
        let step = |_| {
            echo.handle_input(now, AppInput::Event(&heard));
            drain(&mut echo)
        };
        (0..MESSAGES).map(step).sum()
    });
    assert_eq!(count, 0);
}

#[test]
fn media_of_every_dialect_both_ways() {
    for dialect in STREAMS {
        let (mut provider, mut server) = ((dialect.codec)(), (dialect.codec)());
        let started = provider
            .write_up(&Up::Start(Box::new(stream())))
            .expect("every dialect begins");
        server.read_up(started).expect("we read what we write");
        let audio = [0x5a; 640];
        let heard = Up::Media(Media {
            track: Track::Inbound,
            chunk: Some(1),
            timestamp_ms: Some(20),
            format: None,
            payload: &audio,
        });
        let said = Down::Media {
            payload: &audio,
            format: None,
            mark: None,
        };
        let count = allocations(|| {
            for _ in 0..MESSAGES {
                let frame = provider.write_up(&heard).expect("audio is spoken");
                let up = server.read_up(frame).expect("and understood");
                assert!(matches!(up, Up::Media(media) if media.payload == audio));
                let frame = server.write_down(&said).expect("audio is spoken");
                let down = provider.read_down(frame).expect("and understood");
                assert!(matches!(down, Down::Media { payload, .. } if *payload == audio));
            }
            MESSAGES
        });
        assert_eq!(count, 0, "{}", dialect.name);
    }
}

fn stream() -> Start {
    Start {
        stream_id: "s1".to_owned(),
        call_id: "40325ec25efd4bd3805f53576e581d13".to_owned(),
        account_id: Some("a1".to_owned()),
        from: "+15125550100".to_owned(),
        to: "+15125550199".to_owned(),
        direction: None,
        up: None,
        down: None,
        parameters: Parameters::default(),
    }
}

#[test]
fn a_thousand_messages_each_way_in_every_dialect() {
    let now = rig::start();
    let heard = audio();
    for stream in STREAMS.iter().filter(|stream| dialect(stream.name).is_ok()) {
        let rate = SampleRate::try_from(stream.manners.format.rate).expect("a rate with a filter");
        let options = WireOptions {
            sample_rate: rate,
            ..WireOptions::default()
        };
        let mut wire = StreamApp::new(stream, rig::info(Direction::Inbound), options);
        let mut server = (stream.codec)();
        wire.handle_input(now, AppInput::Opened);
        loop {
            match wire.poll_output() {
                AppOutput::Timeout(_) => break,
                AppOutput::Send(frame) => {
                    server.read_up(frame).expect("a message of the dialect");
                }
                _ => {}
            }
        }
        let to_app = allocations(|| {
            let send = |_| {
                wire.handle_input(now, AppInput::Event(&heard));
                drain(&mut wire)
            };
            (0..MESSAGES).map(send).sum()
        });
        let said = vec![1; 640];
        let from_app = allocations(|| {
            let receive = |number: usize| {
                let media = Down::Media {
                    payload: said.get(..[160, 320, 640][number % 3]).unwrap_or_default(),
                    format: Some(stream.manners.format),
                    mark: None,
                };
                let message = server.write_down(&media).expect("a word for audio");
                wire.handle_input(now, AppInput::Received(message));
                drain(&mut wire)
            };
            (0..MESSAGES).map(receive).sum()
        });
        assert_eq!((to_app, from_app), (0, 0), "{}", stream.name);
    }
}
