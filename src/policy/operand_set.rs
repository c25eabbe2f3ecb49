//! Many operands at once.

use std::collections::HashSet;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use ipnet::IpNet;

use super::Operand;

/// Up to how many operands each is looked at: nothing would be faster.
const FEW: usize = 8;

/// Operands of one test, made so that many take no longer than few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum OperandSet {
    /// Few, or of another type: each is looked at.
    #[default]
    Each,
    /// Texts, by their hashes.
    Texts(HashSet<Box<str>, RandomState>),
    /// Blocks in order, none of which has an address in common with another.
    Blocks(Box<[IpNet]>),
}

impl OperandSet {
    pub(super) fn new(operands: &[Operand]) -> Self {
        if operands.len() <= FEW {
            return Self::Each;
        }
        let texts = || operands.iter().map(|operand| if let Operand::Text(text) = operand { Some(text) } else { None });
        let blocks =
            || operands.iter().map(|operand| if let Operand::Ip(block) = operand { Some(block) } else { None });
        if let Some(texts) = texts().map(|text| text.cloned()).collect() {
            return Self::Texts(texts);
        }
        let Some(blocks) = blocks().map(|block| Some(block?.net())).collect::<Option<Vec<_>>>() else {
            return Self::Each;
        };
        let mut blocks = IpNet::aggregate(&blocks);
        blocks.sort_unstable_by_key(IpNet::network);
        Self::Blocks(blocks.into())
    }
}

/// Whether one of `blocks`, which are in order and apart, has `address`.
pub(super) fn blocks_contain(blocks: &[IpNet], address: IpAddr) -> bool {
    let next = blocks.partition_point(|block| block.network() <= address);
    next.checked_sub(1).and_then(|at| blocks.get(at)).is_some_and(|block| block.contains(&address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::{IpBlock, parse_address};

    fn address() -> impl Strategy<Value = String> {
        prop_oneof![
            (0_u8..3, 0_u8..4).prop_map(|(high, low)| format!("10.{high}.255.{low}")),
            (0_u8..3, 0_u8..4).prop_map(|(high, low)| format!("::ffff:10.{high}.255.{low}")),
            (0_u16..3, 0_u16..4).prop_map(|(high, low)| format!("2001:db8:{high:x}::{low:x}")),
            Just("255.255.255.255".to_owned()),
            Just("::".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn many_blocks_hold_what_one_of_them_holds(
            blocks in prop::collection::vec((address(), 0_u8..=32), 9..30),
            addresses in prop::collection::vec(address(), 1..20),
        ) {
            let block = |(address, length): &(String, u8)| {
                let length = if address.contains(':') { u32::from(*length) + 96 } else { u32::from(*length) };
                IpBlock::parse(&format!("{address}/{length}")).unwrap()
            };
            let blocks: Vec<IpBlock> = blocks.iter().map(block).collect();
            let operands: Vec<Operand> = blocks.iter().copied().map(Operand::Ip).collect();
            let OperandSet::Blocks(set) = OperandSet::new(&operands) else { panic!("no set of blocks") };
            for address in &addresses {
                let address = parse_address(address).unwrap();
                let expected = blocks.iter().any(|block| block.contains(address));
                prop_assert_eq!(blocks_contain(&set, address), expected, "{} in {:?}", address, set);
            }
        }
    }

    #[test]
    fn few_operands_and_those_of_other_types_are_looked_at_each() {
        let texts =
            |count| (0..count).map(|number: usize| Operand::Text(number.to_string().into())).collect::<Vec<_>>();
        assert!(matches!(OperandSet::new(&texts(8)), OperandSet::Each));
        let OperandSet::Texts(set) = OperandSet::new(&texts(9)) else { panic!("no set of texts") };
        assert!(set.contains("8") && !set.contains("9"));
        assert!(matches!(OperandSet::new(&vec![Operand::Bool(true); 20]), OperandSet::Each));
    }
}
