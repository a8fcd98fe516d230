//! What all parts of the second year share: the bureau's units below it, their officers, the working days.
//!
//! The first year's 101 organs stay as they were registered. Below the bureau are three departments, 16 sub-units,
//! and below those 120 grassroots units; in all of them 6,000 officers.

use contract::complaints::SetCalendarRequest;
use contract::evaluation::{RegisterUnitRequest, UnitKind};
use contract::words::PostLevel;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use scoring::WorkingDays;

use super::super::{BUREAU, JURISDICTION};
use super::steps::{Step, at};

/// The first day of which the second year has facts: the first year's results are published.
pub(super) const FIRST_DAY: Date = date(2025, 1, 21);

/// The department that sets the drive's framework.
pub(super) const POLITICAL_DEPARTMENT: &str = "political-department";
/// The department that runs things from day to day.
pub(super) const COMMAND_CENTRE: &str = "command-centre";
/// The department that inspects and supervises 督察.
pub(super) const SUPERVISION: &str = "supervision-department";
const DEPARTMENTS: [(&str, &str); 3] = [
    (POLITICAL_DEPARTMENT, "Political Department 政治部"),
    (COMMAND_CENTRE, "Command Centre 指挥中心"),
    (SUPERVISION, "Supervision Department 督察部门"),
];

/// The sub-unit that stands still until October.
pub(super) const STANDS_STILL: &str = "west-sub-bureau";
/// The sub-unit that trains only its stars.
pub(super) const STARS_ONLY: &str = "special-police";
/// The sub-unit whose leaders stay away.
pub(super) const LEADERS_AWAY: &str = "harbour-sub-bureau";

/// The 16 sub-units: id, title, police speciality (of detachments).
const SUB_UNITS: [(&str, &str, &str); 16] = [
    ("east-sub-bureau", "Eastern Sub-bureau 东城分局", ""),
    (STANDS_STILL, "Western Sub-bureau 西城分局", ""),
    ("north-sub-bureau", "Northern Sub-bureau 北城分局", ""),
    ("south-sub-bureau", "Southern Sub-bureau 南城分局", ""),
    (LEADERS_AWAY, "Harbour Sub-bureau 港口分局", ""),
    ("airport-sub-bureau", "Airport Sub-bureau 机场分局", ""),
    ("new-district-sub-bureau", "New District Sub-bureau 新区分局", ""),
    ("high-tech-sub-bureau", "High-Tech Zone Sub-bureau 高新区分局", ""),
    ("traffic-police", "Traffic Police Detachment 交警支队", "traffic"),
    ("criminal-investigation", "Criminal Investigation Detachment 刑侦支队", "criminal-investigation"),
    ("public-order", "Public Order Detachment 治安支队", "public-order"),
    ("exit-entry", "Exit and Entry Detachment 出入境支队", "exit-entry"),
    (STARS_ONLY, "Special Police Detachment 特警支队", "special-police"),
    ("cyber-security", "Cyber Security Detachment 网安支队", "cyber-security"),
    ("economic-crime", "Economic Crime Detachment 经侦支队", "economic-crime"),
    ("public-transport", "Public Transport Detachment 公交支队", "public-transport"),
];

/// The complaints that are found true, and to have harmed the public: id, unit at fault, day of the finding (at 14
/// o'clock). At fault is the officer of place 20.
pub(super) const HARMFUL: [(&str, &str, Date); 6] = [
    ("harm-1", "east-sub-bureau-station-1", date(2025, 3, 20)),
    ("harm-2", "harbour-sub-bureau-station-3", date(2025, 4, 17)),
    ("harm-3", "traffic-police-team-2", date(2025, 6, 12)),
    ("harm-4", "special-police-team-1", date(2025, 7, 24)),
    ("harm-5", "north-sub-bureau-station-5", date(2025, 9, 11)),
    ("harm-6", "exit-entry-window", date(2025, 10, 30)),
];

/// Monday to Friday, and no working day: the holidays of both years and of early 2026.
const HOLIDAYS: [Date; 45] = [
    date(2024, 1, 1),
    date(2024, 2, 12),
    date(2024, 2, 13),
    date(2024, 2, 14),
    date(2024, 2, 15),
    date(2024, 2, 16),
    date(2024, 4, 4),
    date(2024, 4, 5),
    date(2024, 5, 1),
    date(2024, 5, 2),
    date(2024, 5, 3),
    date(2024, 6, 10),
    date(2024, 9, 16),
    date(2024, 9, 17),
    date(2024, 10, 1),
    date(2024, 10, 2),
    date(2024, 10, 3),
    date(2024, 10, 4),
    date(2024, 10, 7),
    date(2025, 1, 1),
    date(2025, 1, 28),
    date(2025, 1, 29),
    date(2025, 1, 30),
    date(2025, 1, 31),
    date(2025, 2, 3),
    date(2025, 2, 4),
    date(2025, 4, 4),
    date(2025, 5, 1),
    date(2025, 5, 2),
    date(2025, 5, 5),
    date(2025, 6, 2),
    date(2025, 10, 1),
    date(2025, 10, 2),
    date(2025, 10, 3),
    date(2025, 10, 6),
    date(2025, 10, 7),
    date(2025, 10, 8),
    date(2026, 1, 1),
    date(2026, 1, 2),
    date(2026, 2, 16),
    date(2026, 2, 17),
    date(2026, 2, 18),
    date(2026, 2, 19),
    date(2026, 2, 20),
    date(2026, 2, 23),
];
/// Saturday or Sunday, and a working day.
const MAKE_UP_DAYS: [Date; 16] = [
    date(2024, 2, 4),
    date(2024, 2, 18),
    date(2024, 4, 7),
    date(2024, 4, 28),
    date(2024, 5, 11),
    date(2024, 9, 14),
    date(2024, 9, 29),
    date(2024, 10, 12),
    date(2025, 1, 26),
    date(2025, 2, 8),
    date(2025, 4, 27),
    date(2025, 9, 28),
    date(2025, 10, 11),
    date(2026, 1, 4),
    date(2026, 2, 14),
    date(2026, 2, 28),
];

/// The bureau with everything below it.
pub(super) struct City {
    units: Vec<Unit>,
    working_days: WorkingDays,
}

/// A unit with its officers.
pub(super) struct Unit {
    pub(super) id: String,
    title: String,
    kind: UnitKind,
    /// Id of the unit above.
    pub(super) above: String,
    /// Id of the sub-unit that it is or belongs to; of the bureau and its departments: the bureau.
    pub(super) belongs_to: String,
    pub(super) grassroots: bool,
    pub(super) speciality: &'static str,
    /// Number of its first officer.
    first: u32,
    /// How many officers have each level of post.
    levels: &'static [(PostLevel, u32)],
}

/// Officers are numbered unit by unit, in each the highest post first.
const BUREAU_LEVELS: &[(PostLevel, u32)] = &[(PostLevel::BureauHead, 1), (PostLevel::DeputyBureauHead, 5)];
const POLITICAL_LEVELS: &[(PostLevel, u32)] = &[
    (PostLevel::DivisionHead, 1),
    (PostLevel::DeputyDivisionHead, 2),
    (PostLevel::SectionHead, 5),
    (PostLevel::Staff, 12),
];
const DEPARTMENT_LEVELS: &[(PostLevel, u32)] = &[
    (PostLevel::DivisionHead, 1),
    (PostLevel::DeputyDivisionHead, 2),
    (PostLevel::SectionHead, 5),
    (PostLevel::Staff, 11),
];
const SUB_UNIT_LEVELS: &[(PostLevel, u32)] = &[
    (PostLevel::DivisionHead, 1),
    (PostLevel::DeputyDivisionHead, 4),
    (PostLevel::SectionHead, 12),
    (PostLevel::Staff, 54),
];
const GRASSROOTS_LEVELS: &[(PostLevel, u32)] = &[(PostLevel::SectionHead, 3), (PostLevel::Staff, 37)];

impl City {
    pub(super) fn new() -> Self {
        let mut city = Self { units: Vec::new(), working_days: WorkingDays::new(HOLIDAYS, MAKE_UP_DAYS) };
        city.add(BUREAU, "", (UnitKind::Bureau, "", ""), BUREAU_LEVELS);
        for (id, title) in DEPARTMENTS {
            let levels = if id == POLITICAL_DEPARTMENT { POLITICAL_LEVELS } else { DEPARTMENT_LEVELS };
            city.add(id, BUREAU, (UnitKind::Division, title, ""), levels);
        }
        for (id, title, speciality) in SUB_UNITS {
            let sub_bureau = speciality.is_empty();
            let kind = if sub_bureau { UnitKind::SubBureau } else { UnitKind::Detachment };
            city.add(id, BUREAU, (kind, title, speciality), SUB_UNIT_LEVELS);
            let (stations, teams) = if sub_bureau { (8, 1) } else { (0, 4) };
            for number in 1..=stations {
                let kind = (UnitKind::Station, "station 派出所", speciality);
                city.add(&format!("{id}-station-{number}"), id, kind, GRASSROOTS_LEVELS);
            }
            for number in 1..=teams {
                let kind = (UnitKind::Team, "team 中队", speciality);
                city.add(&format!("{id}-team-{number}"), id, kind, GRASSROOTS_LEVELS);
            }
            let kind = (UnitKind::ServiceWindow, "service window 服务窗口", speciality);
            city.add(&format!("{id}-window"), id, kind, GRASSROOTS_LEVELS);
        }
        city
    }

    fn add(
        &mut self,
        id: &str,
        above: &str,
        (kind, title, speciality): (UnitKind, &str, &'static str),
        levels: &'static [(PostLevel, u32)],
    ) {
        let grassroots = matches!(kind, UnitKind::Station | UnitKind::Team | UnitKind::ServiceWindow);
        let head = if grassroots { above } else { id };
        let belongs_to = if SUB_UNITS.iter().any(|(known, ..)| *known == head) { head } else { BUREAU };
        let title =
            if grassroots { format!("{}: {title}", self.unit(above).title) } else { title.to_owned() };
        let first = self.units.last().map_or(1, |last| last.first + last.officers());
        self.units.push(Unit {
            id: id.to_owned(),
            title,
            kind,
            above: above.to_owned(),
            belongs_to: belongs_to.to_owned(),
            grassroots,
            speciality,
            first,
            levels,
        });
    }

    /// The bureau first, each unit before those below it.
    pub(super) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// A unit that is there.
    pub(super) fn unit(&self, id: &str) -> &Unit {
        let found = self.units.iter().find(|unit| unit.id == id);
        found.unwrap_or_else(|| panic!("the second year has no unit {id}"))
    }

    /// The sub-units, 16.
    pub(super) fn sub_units(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(|unit| unit.is_sub_unit())
    }

    /// Whether a day is a working day.
    pub(super) fn works(&self, day: Date) -> bool {
        self.working_days.contains(day)
    }

    /// The working day that comes `number` working days after `day`; with 0: `day`, or the next that is one.
    pub(super) fn working_day(&self, day: Date, number: u32) -> Date {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        day.series(1.day()).filter(|day| self.works(*day)).nth(place).unwrap_or(Date::MAX)
    }

    /// The working day so many before one.
    pub(super) fn working_day_before(&self, day: Date, number: u32) -> Date {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        day.series(-1.day()).filter(|day| self.works(*day)).nth(place).unwrap_or(Date::MIN)
    }

    /// Units and working days enter before anything else.
    pub(super) fn steps(&self) -> Vec<Step> {
        vec![self.registered(), calendar()]
    }

    /// The register takes one change at a time.
    fn registered(&self) -> Step {
        let units: Vec<_> = self.units.iter().skip(1).map(Unit::registration).collect();
        Step::new(at(FIRST_DAY, 8), "register", move |mut desk| async move {
            for unit in units {
                let request = RegisterUnitRequest {
                    request_id: desk.another(&unit.unit_id),
                    occurred_at: desk.occurred_at,
                    ..unit
                };
                desk.services.evaluation.register_unit(request).await?;
            }
            anyhow::Ok(())
        })
    }
}

impl Unit {
    /// Its resource name.
    pub(super) fn name(&self) -> String {
        format!("jurisdictions/{JURISDICTION}/units/{}", self.id)
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn is_sub_unit(&self) -> bool {
        self.id == self.belongs_to && self.id != BUREAU
    }

    /// How many officers it has.
    pub(super) fn officers(&self) -> u32 {
        self.levels.iter().map(|(_, officers)| officers).sum()
    }

    /// Resource name of its officer of this place, from 0, the highest post first.
    pub(super) fn officer(&self, place: u32) -> String {
        officer(self.first + place)
    }

    /// How many of its officers are leaders: deputy division heads or higher.
    pub(super) fn leaders(&self) -> u32 {
        let leading = self.levels.iter().filter(|(level, _)| *level >= PostLevel::DeputyDivisionHead);
        leading.map(|(_, officers)| officers).sum()
    }

    /// The number of its officer of this place.
    pub(super) fn number(&self, place: u32) -> u32 {
        self.first + place
    }

    /// Ids and levels of its officers, the highest post first.
    pub(super) fn roster(&self) -> impl Iterator<Item = (String, PostLevel)> {
        let levels = self.levels.iter().flat_map(|(level, officers)| (0..*officers).map(move |_| *level));
        (self.first..).map(officer_id).zip(levels)
    }

    fn registration(&self) -> RegisterUnitRequest {
        RegisterUnitRequest {
            parent: format!("jurisdictions/{JURISDICTION}"),
            unit_id: self.id.clone(),
            title: self.title.clone(),
            kind: self.kind.into(),
            parent_unit: format!("jurisdictions/{JURISDICTION}/units/{}", self.above),
            grassroots: self.grassroots,
            speciality: self.speciality.to_owned(),
            ..Default::default()
        }
    }
}

fn calendar() -> Step {
    let dates = |days: &[Date]| days.iter().map(Date::to_string).collect::<Vec<_>>();
    let (holidays, make_up_days) = (dates(&HOLIDAYS), dates(&MAKE_UP_DAYS));
    Step::new(at(FIRST_DAY, 8), "calendar", move |mut desk| async move {
        let request = SetCalendarRequest {
            request_id: desk.request_id,
            parent: format!("jurisdictions/{JURISDICTION}"),
            time_zone: "Asia/Shanghai".to_owned(),
            holidays,
            make_up_days,
            occurred_at: desk.occurred_at,
            ..Default::default()
        };
        desk.services.complaints.set_calendar(request).await.map(drop)
    })
}

pub(super) fn officer_id(number: u32) -> String {
    format!("o-{number:04}")
}

fn officer(number: u32) -> String {
    format!("jurisdictions/{JURISDICTION}/officers/{}", officer_id(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bureau_has_16_sub_units_120_grassroots_units_and_6000_officers() {
        let city = City::new();
        assert_eq!(city.sub_units().count(), 16);
        assert_eq!(city.units().iter().filter(|unit| unit.grassroots).count(), 120);
        assert_eq!(city.units().iter().map(Unit::officers).sum::<u32>(), 6000);
        for odd in [STANDS_STILL, STARS_ONLY, LEADERS_AWAY] {
            assert!(city.unit(odd).is_sub_unit());
        }
    }

    #[test]
    fn the_working_days_are_those_of_2025() {
        let city = City::new();
        let working = |month: i8| {
            let days = date(2025, month, 1).series(1.day());
            days.take_while(|day| day.month() == month).filter(|day| city.works(*day)).count()
        };
        let months: Vec<_> = (1..=12).map(working).collect();
        assert_eq!(months, [19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23]);
        assert_eq!(city.working_day(date(2025, 9, 30), 1), date(2025, 10, 9));
    }
}
