//! How far did somebody get with a record, and what does an answer claim about that?

/// Grade of access, in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing.
    #[default]
    None,
    /// Names or metadata were shown.
    Listed,
    /// Content was returned.
    Opened,
    /// A copy was made inside the estate.
    Collected,
    /// A copy came to a system outside the institution's control.
    Left,
}

impl Grade {
    /// Every grade with the contract's word, in ascending order.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("listed", Self::Listed),
        ("opened", Self::Opened),
        ("collected", Self::Collected),
        ("left", Self::Left),
    ];

    /// 0 to 4.
    #[must_use]
    pub const fn rank(self) -> u64 {
        self as u64
    }
}

/// What an answer claims: at least `established`, at most `not_excluded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    established: Grade,
    not_excluded: Grade,
}

impl Interval {
    /// Width of `[none, left]`, which says nothing.
    pub const WIDTH_MAX: u64 = Grade::Left.rank();

    /// None where the bounds are crossed.
    #[must_use]
    pub fn of(established: Grade, not_excluded: Grade) -> Option<Self> {
        (established <= not_excluded).then_some(Self { established, not_excluded })
    }

    /// The interval that is just this grade.
    #[must_use]
    pub const fn point(grade: Grade) -> Self {
        Self { established: grade, not_excluded: grade }
    }

    /// The lower bound.
    #[must_use]
    pub const fn established(self) -> Grade {
        self.established
    }

    /// The upper bound.
    #[must_use]
    pub const fn not_excluded(self) -> Grade {
        self.not_excluded
    }

    /// Ranks between the bounds, 0 to 4.
    #[must_use]
    pub const fn width(self) -> u64 {
        self.not_excluded.rank() - self.established.rank()
    }

    /// Whether the grade lies within.
    #[must_use]
    pub fn holds(self, grade: Grade) -> bool {
        (self.established..=self.not_excluded).contains(&grade)
    }

    /// What two incidents together did: the higher of each bound.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            established: self.established.max(other.established),
            not_excluded: self.not_excluded.max(other.not_excluded),
        }
    }
}
