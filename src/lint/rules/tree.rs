//! Where things stand in the JSON tree, for rules that are about how a text is written.

use crate::json::{Kind, Member, Span, Value};

/// The members of the object in which a member's name stands at `name`, and which of them it is.
pub(super) fn siblings(value: &Value, name: Span) -> Option<(&[Member], &Member)> {
    let (members, values): (&[Member], &[Value]) = match &value.kind {
        Kind::Object(members) => (members, &[]),
        Kind::Array(values) => (&[], values),
        _ => return None,
    };
    if let Some(member) = members.iter().find(|member| member.name_span == name) {
        return Some((members, member));
    }
    members.iter().map(|member| &member.value).chain(values).find_map(|value| siblings(value, name))
}

/// The member whose value stands at `span`.
pub(super) fn member_of(value: &Value, span: Span) -> Option<&Member> {
    let (members, values): (&[Member], &[Value]) = match &value.kind {
        Kind::Object(members) => (members, &[]),
        Kind::Array(values) => (&[], values),
        _ => return None,
    };
    let own = members.iter().find(|member| member.value.span == span);
    own.or_else(|| members.iter().map(|member| &member.value).chain(values).find_map(|value| member_of(value, span)))
}

/// The object that stands at `span`: its members; none where no object stands there.
pub(super) fn members_at(value: &Value, span: Span) -> &[Member] {
    if value.span == span {
        return value.members();
    }
    let inner: Vec<&Value> = match &value.kind {
        Kind::Object(members) => members.iter().map(|member| &member.value).collect(),
        Kind::Array(values) => values.iter().collect(),
        _ => return &[],
    };
    let holds = |value: &&Value| value.span.start <= span.start && span.end <= value.span.end;
    inner.into_iter().find(holds).map_or(&[], |value| members_at(value, span))
}

/// Calls `visit` for every string of the tree, the names of members included.
pub(in crate::lint) fn strings<'v>(value: &'v Value, visit: &mut impl FnMut(&'v str, Span)) {
    match &value.kind {
        Kind::String(text) => visit(text, value.span),
        Kind::Array(values) => values.iter().for_each(|value| strings(value, visit)),
        Kind::Object(members) => {
            for member in members {
                visit(&member.name, member.name_span);
                strings(&member.value, visit);
            }
        }
        _ => {}
    }
}

/// Whether two values are the same but for where they stand.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Array(a), Kind::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Kind::Object(a), Kind::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && same(&a.value, &b.value))
        }
        (a, b) => a == b,
    }
}
