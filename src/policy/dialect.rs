//! The points of the language that no source settles, each with its default (spec ram-policy-language 11).

/// What a condition on a key that the request does not carry comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AbsentKey {
    /// A positive operator is false, a negated one true (spec ram-policy-language 4.2, confirmed).
    #[default]
    PositiveFalseNegatedTrue,
    /// Every operator is false.
    AlwaysFalse,
}

/// How documents are read where the language leaves a choice.
///
/// Some rows of the table are no choices here, since the other reading could let a Deny go unnoticed: an
/// operand that cannot be read is an error; `NotPrincipal`, `ForAnyValue:`, `ForAllValues:`, `…IfExists`,
/// `Null`, `Arn…` and `Binary…` are errors; `${…}` is plain text; `/32` is an ordinary block; condition keys
/// compare without case up to their first `/`; one statement in error fails the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Member and operator names in any letter case. Strict: no. Lenient: yes.
    pub any_member_case: bool,
    /// A member that stands twice with equal values is taken as standing once. Strict: no. Lenient: yes.
    pub equal_repeats: bool,
    /// Unknown members of the document itself (`Id`, `Description`) are a warning. Strict: no. Lenient: yes. In a
    /// statement they are always an error, `Sid` aside.
    pub unknown_root_members: bool,
    /// A `Statement` that is an object stands for a list of one. Strict: no. Lenient: yes.
    pub statement_as_object: bool,
    /// In an Allow, an empty `Action`, `Resource`, principal list or value list of a positive operator matches
    /// nothing, with a warning. Strict: no (an error). Lenient: yes. Where it would match everything (`NotAction`,
    /// `NotResource`, negated operators) and in a Deny it is always an error, as are an empty `Statement` and an
    /// operator without keys.
    pub empty_lists: bool,
    /// A bare boolean or number as a condition value is read as its text, with a warning. Strict: no. Lenient: yes.
    pub bare_values: bool,
    /// A `Version` that is missing, or not `"1"`, is passed over, so that the statements can be looked at all the same.
    /// Strict and lenient: no.
    pub any_version: bool,
    /// Comments and trailing commas. Strict: no. Lenient: yes.
    pub comments: bool,
    /// `NotResource`: every resource but these. Strict: no. Lenient: yes.
    pub not_resource: bool,
    /// Whether the service code of a resource compares without case, beside `acs`. Strict and lenient: yes.
    pub fold_service_code: bool,
    /// A condition on a key that the request does not carry. Strict and lenient: positive false, negated true.
    pub absent_key: AbsentKey,
    /// Whether the length limits of documents are enforced (spec ram-policy-language 1.5). Strict: yes. Lenient: no.
    pub length_limits: bool,
}

impl Dialect {
    /// What the service is believed to accept, and no more.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            any_member_case: false,
            equal_repeats: false,
            unknown_root_members: false,
            statement_as_object: false,
            empty_lists: false,
            bare_values: false,
            any_version: false,
            comments: false,
            not_resource: false,
            fold_service_code: true,
            absent_key: AbsentKey::PositiveFalseNegatedTrue,
            length_limits: true,
        }
    }

    /// Documents in the wild, as far as they can be read exactly.
    #[must_use]
    pub const fn lenient() -> Self {
        Self {
            any_member_case: true,
            equal_repeats: true,
            unknown_root_members: true,
            statement_as_object: true,
            empty_lists: true,
            bare_values: true,
            any_version: false,
            comments: true,
            not_resource: true,
            fold_service_code: true,
            absent_key: AbsentKey::PositiveFalseNegatedTrue,
            length_limits: false,
        }
    }
}

impl Dialect {
    /// [Lenient](Self::lenient) where that is asked for, [strict](Self::strict) otherwise.
    #[must_use]
    pub const fn of(lenient: bool) -> Self {
        if lenient { Self::lenient() } else { Self::strict() }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::strict()
    }
}
