//! A set of event positions, kept as ranges: most conversions have one.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Which events of a conversion the destination has. Written as `0-2,5-6` (ends exclusive); empty text is the empty set.
///
/// ```
/// use ports::ledger::Positions;
///
/// let mut accepted: Positions = "0-2,5-6".parse()?;
/// assert!(accepted.contains(1) && !accepted.contains(2));
/// accepted.extend(&[2, 3, 4].into_iter().collect());
/// assert_eq!((accepted.to_string().as_str(), accepted.len()), ("0-6", 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions(Vec<Range<u32>>);

impl Positions {
    /// Adds one position.
    pub fn insert(&mut self, position: u32) {
        if self.contains(position) {
            return;
        }
        let at = self.0.partition_point(|r| r.start < position);
        self.0.insert(at, position..position + 1);
        self.join_around(at);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: &Self) {
        for range in &other.0 {
            range.clone().for_each(|p| self.insert(p));
        }
    }

    /// Whether the set holds it.
    #[must_use]
    pub fn contains(&self, position: u32) -> bool {
        let at = self.0.partition_point(|r| r.end <= position);
        self.0.get(at).is_some_and(|r| r.contains(&position))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|r| u64::from(r.end - r.start)).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn join_around(&mut self, at: usize) {
        if at + 1 < self.0.len() && self.0[at].end == self.0[at + 1].start {
            self.0[at].end = self.0.remove(at + 1).end;
        }
        if at > 0 && self.0[at - 1].end == self.0[at].start {
            self.0[at - 1].end = self.0.remove(at).end;
        }
    }
}

impl FromIterator<u32> for Positions {
    fn from_iter<I: IntoIterator<Item = u32>>(iter: I) -> Self {
        let mut set = Self::default();
        iter.into_iter().for_each(|p| set.insert(p));
        set
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, range) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{}-{}", range.start, range.end)?;
        }
        Ok(())
    }
}

/// The text is not a list of ranges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a list of ranges such as 0-2,5-6")]
pub struct NotPositions;

impl FromStr for Positions {
    type Err = NotPositions;
    fn from_str(text: &str) -> Result<Self, NotPositions> {
        let mut set = Self::default();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (start, end) = part.split_once('-').ok_or(NotPositions)?;
            let start: u32 = start.parse().map_err(|_| NotPositions)?;
            let end: u32 = end.parse().map_err(|_| NotPositions)?;
            if start >= end || set.0.last().is_some_and(|last| last.end >= start) {
                return Err(NotPositions);
            }
            set.0.push(start..end);
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join() {
        let set: Positions = [0, 2, 1, 7, 6, 1].into_iter().collect();
        assert_eq!(set.to_string(), "0-3,6-8");
        assert_eq!(set.to_string().parse(), Ok(set.clone()));
        assert_eq!(set.len(), 5);
        assert!(set.contains(2) && !set.contains(3) && set.contains(7));
        assert_eq!("".parse(), Ok(Positions::default()));
        assert_eq!("3-1".parse::<Positions>(), Err(NotPositions));
    }
}
