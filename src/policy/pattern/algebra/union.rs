//! Whether several languages together cover one.

use std::collections::{HashMap, VecDeque};

use super::template::Class;
use super::texts::{Place, Texts};
use super::{Language, Symbol};

/// Whether a set of patterns covers something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Each of the texts matches one of the patterns.
    Covered,
    /// This text matches none of them.
    Uncovered(String),
    /// The bound on the work was met first.
    Unknown,
}

/// Steps enough for the patterns that people write: less than a second.
pub const COVERAGE_WORK: usize = 2_000_000;

/// Whether every text of `covered` is in one of `by`, within `work` steps.
///
/// The texts of `covered` are gone through letter by letter, shortest first, with the set of places that each language
/// of `by` can be in. Where a text can go on in the same way with fewer such places, more of its continuations are in no
/// language, so of two sets only the smaller is looked at.
pub(super) fn coverage(covered: &Language, by: &[Language], work: usize) -> Coverage {
    let mut work = work;
    for texts in Texts::parts(by.iter().map(|language| language.case).chain([covered.case])) {
        match (Search { covered, by, texts: *texts, found: Vec::new(), least: HashMap::new() }).run(&mut work) {
            Coverage::Covered => {}
            other => return other,
        }
    }
    Coverage::Covered
}

/// A place in one of the languages.
type At = (u32, u32);

/// What was read so far: where in the language to be covered, where in the text, and where the others can be.
#[derive(Debug, Clone)]
struct State {
    at: usize,
    place: Place,
    alive: Vec<At>,
    /// The letter that led here, and from which state.
    came: Option<(usize, char)>,
}

struct Search<'a> {
    covered: &'a Language,
    by: &'a [Language],
    texts: Texts,
    found: Vec<State>,
    least: HashMap<(usize, Place), Vec<Vec<At>>>,
}

impl Search<'_> {
    fn run(&mut self, work: &mut usize) -> Coverage {
        let starts = (0..self.by.len()).filter_map(|index| Some((u32::try_from(index).ok()?, 0))).collect();
        let Some(alive) = self.settled(starts) else { return Coverage::Covered };
        let mut queue = VecDeque::new();
        self.add(0, self.texts.start(), alive, None, &mut queue);
        while let Some(index) = queue.pop_front() {
            let Some(state) = self.found.get(index).cloned() else { continue };
            let folds = self.texts.folds(state.place, self.covered.case);
            let Some(symbol) = self.covered.symbols.get(state.at).copied() else {
                let matched = |(language, at): &At| self.symbol((*language, *at)).is_none();
                if self.texts.ends(state.place) && !state.alive.iter().any(matched) {
                    return Coverage::Uncovered(self.text(index));
                }
                continue;
            };
            let letters = self.letters(&state, symbol, folds);
            let steps = (letters.len() + 1) * (state.alive.len() + 1);
            let Some(left) = work.checked_sub(steps) else { return Coverage::Unknown };
            *work = left;
            for letter in letters {
                let Some(place) = self.texts.after(state.place, letter) else { continue };
                let moved = state.alive.iter().filter_map(|(language, at)| {
                    let folds = self.texts.folds(state.place, self.by.get(*language as usize)?.case);
                    let symbol = self.symbol((*language, *at)).filter(|symbol| symbol.takes(letter, folds))?;
                    Some((*language, at + u32::from(!symbol.is_run())))
                });
                // Where something covers whatever follows, nothing more can be found.
                if let Some(alive) = self.settled(moved.collect()) {
                    let at = state.at + usize::from(!symbol.is_run());
                    self.add(at, place, alive, Some((index, letter)), &mut queue);
                }
            }
        }
        Coverage::Covered
    }

    fn symbol(&self, (language, at): At) -> Option<Symbol> {
        self.by.get(language as usize)?.symbols.get(at as usize).copied()
    }

    /// The places with those that can be reached without a letter, less those that make no difference; `None` where
    /// one of them takes whatever follows.
    fn settled(&self, places: Vec<At>) -> Option<Vec<At>> {
        let mut alive = Vec::with_capacity(places.len());
        for (language, at) in places {
            alive.push((language, at));
            if let Some(Symbol::Run(_)) = self.symbol((language, at)) {
                self.symbol((language, at + 1))?;
                alive.push((language, at + 1));
            }
        }
        alive.sort_unstable();
        alive.dedup();
        // Whatever a place before a `*` leads to, the `*` itself leads to as well.
        let mut latest: HashMap<u32, u32> = HashMap::new();
        for place in &alive {
            if let Some(Symbol::Run(_)) = self.symbol(*place) {
                latest.insert(place.0, place.1);
            }
        }
        alive.retain(|(language, at)| latest.get(language).is_none_or(|star| at >= star));
        Some(alive)
    }

    /// Adds a state, and those that leave a run of the language to be covered behind, unless a smaller one is known.
    fn add(
        &mut self,
        at: usize,
        place: Place,
        alive: Vec<At>,
        came: Option<(usize, char)>,
        queue: &mut VecDeque<usize>,
    ) {
        let mut at = at;
        loop {
            let least = self.least.entry((at, place)).or_default();
            if !least.iter().any(|known| is_part(known, &alive)) {
                least.retain(|known| !is_part(&alive, known));
                least.push(alive.clone());
                queue.push_back(self.found.len());
                self.found.push(State { at, place, alive: alive.clone(), came });
            }
            match self.covered.symbols.get(at) {
                Some(Symbol::Run(_)) => at += 1,
                _ => return,
            }
        }
    }

    /// The letters that lead on and make a difference.
    fn letters(&self, state: &State, symbol: Symbol, folds: bool) -> Vec<char> {
        let mut letters: Vec<char> = Vec::new();
        match symbol {
            Symbol::Char(letter) if folds => letters.extend([letter.to_ascii_lowercase(), letter.to_ascii_uppercase()]),
            Symbol::Char(letter) => letters.push(letter),
            Symbol::One(class) | Symbol::Run(class) => {
                let both = |letter: char| [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
                letters.extend(state.place.expects().into_iter().flat_map(both));
                let expected = letters.len();
                let asked = state.alive.iter().filter_map(|place| match self.symbol(*place) {
                    Some(Symbol::Char(letter)) => Some(letter),
                    _ => None,
                });
                letters.extend(asked.flat_map(both));
                letters.retain(|letter| class.contains(*letter));
                // A letter that no place asks for leads on from the fewest places: then the others are not needed.
                if let Some(strange) = strange(class, &letters) {
                    letters.truncate(expected);
                    letters.push(strange);
                }
            }
        }
        letters.sort_unstable();
        letters.dedup();
        letters
    }

    /// The letters on the way to a state.
    fn text(&self, mut index: usize) -> String {
        let mut letters = Vec::new();
        while let Some((from, letter)) = self.found.get(index).and_then(|state| state.came) {
            letters.push(letter);
            index = from;
        }
        letters.into_iter().rev().collect()
    }
}

/// A letter of the class that is none of these, a plain one if there is any.
fn strange(class: Class, letters: &[char]) -> Option<char> {
    let plain = ['x', 'y', 'z', '1', '2'].into_iter().chain('0'..='9').chain('a'..='w');
    plain.chain('\0'..=char::MAX).find(|letter| class.contains(*letter) && !letters.contains(letter))
}

/// Whether every element of one sorted list is in another.
fn is_part(part: &[At], whole: &[At]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|wanted| whole.any(|found| found == wanted))
}
