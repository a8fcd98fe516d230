//! The second year's complaints 投诉: 600, of every fate, over all channels and units.
//!
//! A complaint's fate is a script: what is done, and how many working days after it was lodged. Whether it turns
//! yellow, red, overdue or is escalated is not in it: the timers find that.

mod deeds;
mod matter;
mod voices;

use contract::complaints::ClosureOutcome;
use jiff::civil::{Date, date};

use super::super::random::Random;
use super::city::{City, FIRST_DAY, HARMFUL};
use super::steps::Step;
use deeds::Deed;
use matter::Matter;

const SEED: u64 = 20_250_315;
/// All of them.
const COMPLAINTS: u32 = 600;
/// The last day on which one is lodged that is not left open.
const LODGED_UNTIL: Date = date(2025, 11, 12);
/// The days on which those are lodged that are open when the year is over.
const OPEN_FROM: Date = date(2025, 12, 15);

/// What becomes of a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Rectified,
    /// By an anonymous complainant, who is asked and rates by the receipt code.
    Anonymous,
    /// The complainant's word was taken by another body.
    Imported,
    Inspected,
    Rejected,
    /// Lies with an organ outside the register, and stays there.
    Referred,
    /// Came back from it.
    CameBack,
    Unsubstantiated,
    Substantiated,
    /// Substantiated, and found untrue after all.
    Overturned,
    /// After so many deeds.
    Withdrawn(usize),
    Refuted,
    Extended,
    Overdue,
    Escalated,
    /// Before a leader had it, or while it was put right.
    Transferred(bool),
    Reopened,
    Erased,
    /// Accepted after the clock of its stage had turned red.
    Slow,
}

/// Fates and how many have each; all others are rectified.
const FATES: [(Fate, u32); 22] = [
    (Fate::Anonymous, 40),
    (Fate::Imported, 25),
    (Fate::Inspected, 20),
    (Fate::Rejected, 30),
    (Fate::Referred, 5),
    (Fate::CameBack, 7),
    (Fate::Unsubstantiated, 60),
    (Fate::Substantiated, 20),
    (Fate::Overturned, 4),
    (Fate::Withdrawn(1), 6),
    (Fate::Withdrawn(2), 6),
    (Fate::Withdrawn(4), 6),
    (Fate::Withdrawn(5), 6),
    (Fate::Refuted, 24),
    (Fate::Extended, 20),
    (Fate::Overdue, 14),
    (Fate::Escalated, 10),
    (Fate::Transferred(false), 12),
    (Fate::Transferred(true), 10),
    (Fate::Reopened, 12),
    (Fate::Erased, 8),
    (Fate::Slow, 10),
];
/// So many are open when the year is over, one further than the other.
const OPEN: u32 = 7;

/// What is done, after how many working days.
type Script = Vec<(u32, Deed)>;

pub(super) fn steps(city: &City) -> Vec<Step> {
    let mut random = Random::new(SEED);
    let harmful = u32::try_from(HARMFUL.len()).unwrap_or(0);
    let ended = fates(COMPLAINTS - OPEN - harmful, &mut random);
    let mut matters: Vec<Matter> = Vec::new();
    let mut steps = Vec::new();
    for (fate, number) in ended.into_iter().zip(1..) {
        let matter =
            Matter::of(city, number, lodged_on(number), fate == Fate::Anonymous, &matters, &mut random);
        steps.extend(enacted(city, matter.clone(), script(fate, &mut random)));
        matters.push(matter);
    }
    for number in 0..OPEN {
        let lodged = city.working_day(OPEN_FROM, number);
        let matter = Matter::of(city, COMPLAINTS - number, lodged, false, &matters, &mut random);
        let mut begun = script(Fate::Rectified, &mut random);
        begun.truncate(usize::try_from(number + 1).unwrap_or(0));
        steps.extend(enacted(city, matter, begun));
    }
    for (complaint, unit, found_on) in HARMFUL {
        let matter = Matter::harmful(city, complaint, unit, found_on);
        steps.extend(enacted(city, matter, harmful_script()));
    }
    steps
}

/// As many fates as are asked for, in the order in which they come.
fn fates(count: u32, random: &mut Random) -> Vec<Fate> {
    let odd = FATES.iter().flat_map(|(fate, count)| (0..*count).map(|_| *fate));
    let mut fates: Vec<_> = odd.collect();
    let count = usize::try_from(count).unwrap_or(0);
    fates.resize(count, Fate::Rectified);
    for place in (1..count).rev() {
        let other = random.below(u32::try_from(place + 1).unwrap_or(1));
        fates.swap(place, usize::try_from(other).unwrap_or(0));
    }
    fates
}

/// Evenly over the year, weekends too.
fn lodged_on(number: u32) -> Date {
    let days = i64::from((LODGED_UNTIL - FIRST_DAY).get_days());
    let after = 1 + i64::from(number) * (days - 1) / i64::from(COMPLAINTS);
    FIRST_DAY.saturating_add(jiff::Span::new().days(after))
}

fn enacted(city: &City, mut matter: Matter, script: Script) -> Vec<Step> {
    let lodged_on = matter.lodged_on;
    let day = |after| if after == 0 { lodged_on } else { city.working_day(lodged_on, after) };
    let mut steps = Vec::new();
    for ((after, deed), turn) in script.into_iter().zip(0..) {
        steps.push(deed.step(matter.clone(), city, day(after), turn));
        if deed == Deed::Transfer {
            matter = matter.handed_over();
        }
    }
    steps
}

/// From lodging to a person who is responsible: four deeds; the day of the last.
fn begun(random: &mut Random) -> (Script, u32) {
    let accepted = 1 + random.below(3);
    let led = accepted + 1 + random.below(2);
    let assigned = led + 1 + random.below(2);
    let script =
        vec![(0, Deed::Lodge), (accepted, Deed::Accept), (led, Deed::Lead), (assigned, Deed::Assign)];
    (script, assigned)
}

/// From the report on: taken, closed.
fn ended(reported: u32) -> Script {
    vec![
        (reported, Deed::Report),
        (reported + 2, Deed::Verify),
        (reported + 3, Deed::Close(ClosureOutcome::Rectified)),
    ]
}

fn script(fate: Fate, random: &mut Random) -> Script {
    let (mut script, assigned) = begun(random);
    let reported = assigned + 6 + random.below(7);
    let finding = assigned + 4;
    let close = Deed::Close;
    match fate {
        Fate::Rectified => {
            script.push((assigned + 4, Deed::Progress));
            script.extend(ended(reported));
        }
        Fate::Anonymous => script.extend([
            (assigned + 2, Deed::Ask),
            (assigned + 4, Deed::Answer),
            (reported, Deed::Report),
            (reported + 3, Deed::Rate),
            (reported + 4, close(ClosureOutcome::Rectified)),
        ]),
        Fate::Imported => script.extend([
            (reported, Deed::Report),
            (reported + 5, Deed::ImportRating),
            (reported + 6, close(ClosureOutcome::Rectified)),
        ]),
        Fate::Inspected => script.extend([
            (reported, Deed::Report),
            (reported + 4, Deed::Inspect),
            (reported + 5, close(ClosureOutcome::Rectified)),
        ]),
        Fate::Rejected => script = vec![(0, Deed::Lodge), (2, Deed::Reject)],
        Fate::Referred => script = vec![(0, Deed::Lodge), (2, Deed::Refer)],
        Fate::CameBack => {
            script = vec![
                (0, Deed::Lodge),
                (2, Deed::Refer),
                (14, Deed::Accept),
                (15, Deed::Lead),
                (16, Deed::Assign),
            ];
            script.extend(ended(24));
        }
        Fate::Unsubstantiated => script
            .extend([(finding, Deed::Unsubstantiate), (finding + 1, close(ClosureOutcome::Unsubstantiated))]),
        Fate::Substantiated => {
            script.push((finding, Deed::Substantiate));
            script.extend(ended(reported));
        }
        Fate::Overturned => {
            script.push((finding, Deed::Substantiate));
            script.push((finding + 7, Deed::Unsubstantiate));
            script.push((finding + 8, close(ClosureOutcome::Unsubstantiated)));
        }
        Fate::Withdrawn(deeds) => {
            script.push((reported, Deed::Report));
            script.truncate(deeds);
            let last = script.last().map_or(0, |(after, _)| *after);
            script.extend([(last + 1, Deed::Withdraw), (last + 3, close(ClosureOutcome::Withdrawn))]);
        }
        Fate::Refuted => {
            script.extend([(reported, Deed::Report), (reported + 2, Deed::Refute)]);
            script.extend(ended(reported + 9));
        }
        Fate::Extended => {
            script.push((assigned + 10, Deed::Extend(assigned + 25)));
            script.extend(ended(assigned + 21));
        }
        Fate::Overdue => script.extend(ended(assigned + 17 + random.below(3))),
        Fate::Escalated => script.extend(ended(assigned + 22 + random.below(12))),
        Fate::Transferred(being_put_right) => {
            let to = if being_put_right { assigned + 3 } else { script[1].0 + 1 };
            let turn = if being_put_right { 4 } else { 2 };
            script.truncate(turn);
            script.push((to, Deed::Transfer));
            if !being_put_right {
                script.push((to + 1, Deed::Lead));
            }
            script.push((to + 2, Deed::Assign));
            script.extend(ended(to + 9));
        }
        Fate::Reopened => {
            script.extend(ended(reported));
            script.extend([(reported + 10, Deed::Reopen), (reported + 12, Deed::Assign)]);
            script.extend(ended(reported + 18));
        }
        Fate::Erased => {
            script.extend(ended(reported));
            script.push((reported + 15, Deed::Erase));
        }
        Fate::Slow => {
            script = vec![(0, Deed::Lodge), (8, Deed::Accept), (12, Deed::Lead), (16, Deed::Assign)];
            script.extend(ended(24));
        }
    }
    script
}

/// What harmed the public is found nine working days after it was lodged.
fn harmful_script() -> Script {
    let mut script = vec![(0, Deed::Lodge), (1, Deed::Accept), (2, Deed::Lead), (4, Deed::Assign)];
    script.push((matter::FOUND_AFTER, Deed::Substantiate));
    script.extend(ended(matter::FOUND_AFTER + 4));
    script
}
