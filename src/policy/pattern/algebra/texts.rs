//! The texts by where the case of their letters does not count.

use super::super::Case;

/// A part of all texts that is read from left to right with a state of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Texts {
    /// All of them; the case of a letter does not depend on its place.
    All,
    /// Those with the head of an ARN, `acs:`, a service code and a second `:`, where [`Case::Arn`] folds up to there.
    Headed,
    /// All others, where [`Case::Arn`] folds nothing.
    Headless,
}

/// Where in a text the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Anywhere, of [`Texts::All`].
    Anywhere,
    /// So many letters of `acs:` were read.
    Prefix(usize),
    /// After `acs:`, before the second `:`.
    Service,
    /// After the head of an ARN.
    Rest,
    /// In a text that did not begin with `acs:`.
    Free,
}

/// What every ARN begins with.
pub(super) const PREFIX: [char; 4] = ['a', 'c', 's', ':'];

impl Texts {
    /// The parts in which texts are to be looked at for these kinds of folding.
    pub(super) fn parts(cases: impl IntoIterator<Item = Case>) -> &'static [Self] {
        let by_place = cases.into_iter().any(|case| case == Case::Arn);
        if by_place { &[Self::Headed, Self::Headless] } else { &[Self::All] }
    }

    pub(super) fn start(self) -> Place {
        match self {
            Self::All => Place::Anywhere,
            Self::Headed | Self::Headless => Place::Prefix(0),
        }
    }

    /// The place after `letter`; `None` where no text of this part goes on with it.
    pub(super) fn after(self, place: Place, letter: char) -> Option<Place> {
        let headed = self == Self::Headed;
        match place {
            Place::Prefix(read) if place.expects().is_some_and(|wanted| wanted.eq_ignore_ascii_case(&letter)) => {
                Some(if read + 1 == PREFIX.len() { Place::Service } else { Place::Prefix(read + 1) })
            }
            Place::Prefix(_) => (!headed).then_some(Place::Free),
            Place::Service if letter == ':' => headed.then_some(Place::Rest),
            Place::Service | Place::Anywhere | Place::Rest | Place::Free => Some(place),
        }
    }

    /// Whether a text of this part may end here.
    pub(super) fn ends(self, place: Place) -> bool {
        self != Self::Headed || place == Place::Rest
    }

    /// Whether the case of a letter in this place does not count.
    pub(super) fn folds(self, place: Place, case: Case) -> bool {
        match case {
            Case::Exact => false,
            Case::Ignore => true,
            Case::Arn => self == Self::Headed && matches!(place, Place::Prefix(_) | Place::Service),
        }
    }
}

impl Place {
    /// The letter that leads on in the head of an ARN.
    pub(super) fn expects(self) -> Option<char> {
        match self {
            Self::Prefix(read) => PREFIX.get(read).copied(),
            Self::Service => Some(':'),
            Self::Anywhere | Self::Rest | Self::Free => None,
        }
    }

    /// Every place; which stands where is arbitrary and stays.
    pub(super) const ALL: [Self; 8] = [
        Self::Anywhere,
        Self::Prefix(0),
        Self::Prefix(1),
        Self::Prefix(2),
        Self::Prefix(3),
        Self::Service,
        Self::Rest,
        Self::Free,
    ];

    /// Its number in [`Place::ALL`].
    pub(super) fn number(self) -> usize {
        match self {
            Self::Anywhere => 0,
            Self::Prefix(read) => 1 + read.min(3),
            Self::Service => 5,
            Self::Rest => 6,
            Self::Free => 7,
        }
    }
}
