//! YAML as a JSON tree whose scalars are texts, as far as files of continuous integration need it.

use saphyr_parser::{Event, Parser, StrInput};
use serde_json::{Map, Value};

/// The documents of a text.
pub fn read(text: &str) -> Vec<Value> {
    let mut parser = Parser::new_from_str(text);
    let mut documents = Vec::new();
    loop {
        match next(&mut parser) {
            Event::StreamEnd => return documents,
            Event::DocumentStart(_) => {
                let first = next(&mut parser);
                documents.push(value(&mut parser, first));
            }
            _ => {}
        }
    }
}

fn next<'t>(parser: &mut Parser<'t, StrInput<'t>>) -> Event<'t> {
    parser.next_event().unwrap().unwrap_or_else(|error| panic!("{error}")).0
}

fn value<'t>(parser: &mut Parser<'t, StrInput<'t>>, event: Event<'t>) -> Value {
    match event {
        Event::Scalar(text, ..) => Value::from(text.into_owned()),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            loop {
                match next(parser) {
                    Event::SequenceEnd => return Value::from(list),
                    event => list.push(value(parser, event)),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut members = Map::new();
            loop {
                match next(parser) {
                    Event::MappingEnd => return Value::from(members),
                    Event::Scalar(name, ..) => {
                        let event = next(parser);
                        let taken = members.insert(name.clone().into_owned(), value(parser, event));
                        assert!(taken.is_none(), "`{name}` stands twice");
                    }
                    event => panic!("{event:?} is no name"),
                }
            }
        }
        event => panic!("{event:?}"),
    }
}
