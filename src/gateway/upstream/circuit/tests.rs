//! When a circuit opens, and when it closes.

use super::*;

const ALICE: Option<u64> = Some(1);
const BOB: Option<u64> = Some(2);

/// So long that nothing ends by itself in a test.
const LONG: Duration = Duration::from_secs(3600);

fn circuit(failures: u32, open_for: Duration) -> Arc<Circuit> {
    let endpoint = config::Endpoint { tls: true, authority: "polardb.aliyuncs.com".to_owned() };
    Circuit::new(&endpoint, config::Circuit { failures: Some(failures), open_for })
}

fn fail(circuit: &Arc<Circuit>, failure: Failure, caller: Option<u64>) {
    circuit.admit(caller).unwrap().failed(failure);
}

#[test]
fn it_opens_after_so_many_missing_connections_in_a_row_whoever_calls() {
    let circuit = circuit(3, LONG);
    for _ in 0..2 {
        fail(&circuit, Failure::Unreachable, ALICE);
        fail(&circuit, Failure::Unreachable, ALICE);
        circuit.admit(ALICE).unwrap().succeeded();
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
    for _ in 0..3 {
        fail(&circuit, Failure::Unreachable, None);
    }
    assert_eq!((circuit.state(), circuit.openings()), (CircuitState::Open, 1));
    let Shed { wait } = circuit.admit(BOB).unwrap_err();
    assert!(!wait.is_zero() && wait <= LONG, "{wait:?}");
}

#[test]
fn calls_of_one_caller_that_are_never_answered_do_not_open_it() {
    for failures in [1, 2, 5, 10] {
        let circuit = circuit(failures, LONG);
        for _ in 0..100 {
            fail(&circuit, Failure::Unanswered, ALICE);
        }
        assert_eq!(circuit.state(), CircuitState::Closed, "{failures}");
    }
    let circuit = circuit(5, LONG);
    for _ in 0..100 {
        // The gate's own calls stand for whoever brings them about.
        fail(&circuit, Failure::Unanswered, None);
        fail(&circuit, Failure::Unanswered, ALICE);
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
    fail(&circuit, Failure::Unanswered, BOB);
    fail(&circuit, Failure::Unanswered, BOB);
    assert_eq!(circuit.state(), CircuitState::Open);
}

#[test]
fn it_never_opens_where_it_is_turned_off() {
    let endpoint = config::Endpoint { tls: true, authority: "polardb.aliyuncs.com".to_owned() };
    let circuit = Circuit::new(&endpoint, config::Circuit { failures: None, open_for: LONG });
    for _ in 0..100 {
        fail(&circuit, Failure::Unreachable, ALICE);
    }
    assert_eq!(circuit.state(), CircuitState::Closed);
}

/// Opens it, and gives the first call that is let through then.
fn probe(circuit: &Arc<Circuit>) -> Ticket {
    if circuit.state() == CircuitState::Closed {
        fail(circuit, Failure::Unreachable, ALICE);
    }
    loop {
        if let Ok(ticket) = circuit.admit(ALICE) {
            assert_eq!(circuit.state(), CircuitState::HalfOpen);
            return ticket;
        }
        std::thread::yield_now();
    }
}

#[test]
fn the_call_that_is_let_through_decides_whether_others_are() {
    let circuit = circuit(1, Duration::from_millis(1));
    let ticket = probe(&circuit);
    ticket.failed(Failure::Unanswered);
    assert_eq!((circuit.state(), circuit.openings()), (CircuitState::Open, 2));
    probe(&circuit).succeeded();
    assert_eq!(circuit.state(), CircuitState::Closed);
    assert!(circuit.admit(BOB).is_ok());
}

#[test]
fn while_one_is_let_through_others_are_not() {
    let before = circuit(1, LONG);
    let late = before.admit(BOB).unwrap();
    let later = before.admit(BOB).unwrap();
    fail(&before, Failure::Unreachable, ALICE);
    *before.lock() = State::Open(Instant::now().checked_sub(LONG).unwrap());
    let ticket = before.admit(ALICE).unwrap();
    assert!(before.admit(BOB).is_err());
    // What was sent before it opened tells nothing of now.
    late.succeeded();
    later.failed(Failure::Unreachable);
    assert_eq!((before.state(), before.openings()), (CircuitState::HalfOpen, 1));
    // One that ends without a word lets the next try.
    drop(ticket);
    assert_eq!(before.state(), CircuitState::Open);
    before.admit(BOB).unwrap().succeeded();
    assert_eq!(before.state(), CircuitState::Closed);
}

#[test]
fn a_call_that_takes_long_is_not_waited_for_to_let_another_through() {
    let circuit = circuit(1, Duration::from_millis(1));
    let slow = probe(&circuit);
    std::thread::sleep(Duration::from_millis(5));
    circuit.admit(BOB).unwrap().succeeded();
    assert_eq!(circuit.state(), CircuitState::Closed);
    slow.failed(Failure::Unanswered);
    assert_eq!(circuit.state(), CircuitState::Closed);
}
