//! Figures of complaints, as `scoring::figures::complaints` defines them; and how old open ones are.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use scoring::figures::complaints::{Figures, Period};

use super::*;
use crate::read_model::{City, Filter, Id, NOBODY};

const BRACKETS_MAX: usize = 20;
const BOUNDS: [u32; 5] = [5, 10, 20, 40, 60];

pub(super) async fn get_complaint_figures(
    service: &Service,
    request: Request<GetComplaintFiguresRequest>,
) -> Answer<GetComplaintFiguresResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let unit = unit_of("unit", &asked.unit, &jurisdiction)?;
    let period = period(&asked.start_date, &asked.end_date)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let model = service.reads.now();
    let mut figures = ComplaintFigures { key: unit.clone(), ..ComplaintFigures::default() };
    if let Some(city) = model.city(&jurisdiction) {
        let units = service.units(city, &unit, asked.with_subtree);
        figures = of_units(city, units.as_ref(), period, now).shown(unit);
    }
    Ok(Response::new(GetComplaintFiguresResponse { figures: Some(figures) }))
}

pub(super) async fn list_complaint_figures(
    service: &Service,
    request: Request<ListComplaintFiguresRequest>,
) -> Answer<ListComplaintFiguresResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let unit = unit_of("unit", &asked.unit, &jurisdiction)?;
    let period = period(&asked.start_date, &asked.end_date)?;
    let breakdown = field::enumeration::<ComplaintBreakdown>("breakdown", asked.breakdown)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let model = service.reads.now();
    let Some(city) = model.city(&jurisdiction) else {
        return Ok(Response::new(ListComplaintFiguresResponse::default()));
    };
    let rows = if breakdown == ComplaintBreakdown::Unit {
        service.by_unit(city, &unit, asked.with_subtree, (period, now))
    } else {
        let units = service.units(city, &unit, asked.with_subtree);
        by_key(city, units.as_ref(), breakdown, (period, now))
    };
    // Units stand in the order of the tree, whatever else by its key.
    let rows = rows.into_iter().enumerate().map(|(at, row)| (format!("{at:010}"), row));
    let (figures, next_page_token) = pages::page(rows, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListComplaintFiguresResponse { figures, next_page_token }))
}

pub(super) async fn get_complaint_ageing(
    service: &Service,
    request: Request<GetComplaintAgeingRequest>,
) -> Answer<GetComplaintAgeingResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let bounds = if asked.bounds.is_empty() { BOUNDS.to_vec() } else { asked.bounds };
    if bounds.len() > BRACKETS_MAX || !bounds.is_sorted_by(|one, next| one < next) {
        let message = format!("must be at most {BRACKETS_MAX}, ascending");
        return Err(BadField::new("bounds", message).into());
    }
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let mut brackets = brackets(&bounds);
    let model = service.reads.now();
    let filter = asked.filter.unwrap_or_default();
    let Some(city) = model.city(&jurisdiction) else {
        check_filter(&filter, &jurisdiction)?;
        return Ok(Response::new(GetComplaintAgeingResponse { brackets }));
    };
    let filter = Filter { open_only: true, ..service.filter(city, &filter)? };
    let mut ages: HashMap<Date, usize> = HashMap::new();
    for row in city.find(&filter, 0, now).filter_map(|row| city.row(row)) {
        let lodged_at = row.counted.lodged_at();
        let at = *ages.entry(field::day_of(lodged_at)).or_insert_with(|| {
            let age = city.working_days.age(lodged_at, now);
            bounds.partition_point(|bound| i64::from(*bound) < age)
        });
        brackets[at].open += 1;
        brackets[at].overdue += u32::from(row.counted.is_overdue());
    }
    Ok(Response::new(GetComplaintAgeingResponse { brackets }))
}

fn brackets(bounds: &[u32]) -> Vec<AgeBracket> {
    let mut youngest = 0;
    let mut brackets: Vec<AgeBracket> = Vec::with_capacity(bounds.len() + 1);
    for bound in bounds {
        brackets.push(AgeBracket {
            age_working_days_min: youngest,
            age_working_days_max: Some(*bound),
            ..AgeBracket::default()
        });
        youngest = bound.saturating_add(1);
    }
    brackets.push(AgeBracket { age_working_days_min: youngest, ..AgeBracket::default() });
    brackets
}

/// Figures, and how many open complaints are yellow and red.
#[derive(Default)]
struct Counted {
    figures: Figures,
    yellow: u32,
    red: u32,
}

impl Counted {
    fn add(&mut self, colour: AlertColour) {
        match colour {
            AlertColour::Yellow => self.yellow += 1,
            AlertColour::Red => self.red += 1,
            AlertColour::Green | AlertColour::Unspecified => {}
        }
    }

    fn shown(self, key: String) -> ComplaintFigures {
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let Figures { lodged, due, on_time, rated, closed, reopened, open, overdue, .. } = self.figures;
        ComplaintFigures {
            key,
            lodged: count(lodged),
            due: count(due),
            on_time: count(on_time),
            rated: count(rated),
            satisfaction_total: self.figures.satisfaction_total().to_string(),
            closed: count(closed),
            reopened: count(reopened),
            open: count(open),
            overdue: count(overdue),
            yellow: self.yellow,
            red: self.red,
        }
    }
}

/// The figures of units, or of all complaints.
fn of_units(city: &City, units: Option<&HashSet<Id>>, period: Period, now: Timestamp) -> Counted {
    let mut counted = Counted { figures: city.figures(units, period, now), ..Counted::default() };
    let filter = Filter { units: units.cloned(), open_only: true, ..Filter::default() };
    if city.is_narrow(&filter) {
        let open = city.find(&filter, 0, now).filter_map(|row| city.row(row));
        open.for_each(|row| counted.add(city.colour(row, ComplaintClock::Stage, now)));
    } else {
        let coloured =
            city.coloured(now).filter(|(row, _)| units.is_none_or(|units| units.contains(&row.unit)));
        coloured.for_each(|(_, colour)| counted.add(colour));
    }
    counted
}

/// The figures of the complaints of units, or of all, by what each row says.
fn by_key(
    city: &City,
    units: Option<&HashSet<Id>>,
    breakdown: ComplaintBreakdown,
    (period, now): (Period, Timestamp),
) -> Vec<ComplaintFigures> {
    let filter = Filter { units: units.cloned(), ..Filter::default() };
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    for row in city.find(&filter, 0, now).filter_map(|row| city.row(row)) {
        let key = match breakdown {
            ComplaintBreakdown::Officer => city.names.name(row.officer),
            ComplaintBreakdown::Leader => city.names.name(row.leader),
            ComplaintBreakdown::Category => city.names.name(row.category),
            ComplaintBreakdown::Channel => row.channel.as_str_name(),
            ComplaintBreakdown::Unit | ComplaintBreakdown::Unspecified => city.names.name(row.unit),
        };
        if !counted.contains_key(key) {
            counted.insert(key.to_owned(), Counted::default());
        }
        let Some(of_key) = counted.get_mut(key) else { continue };
        of_key.figures += row.counted.figures(period, now);
        if row.counted.is_open() {
            of_key.add(city.colour(row, ComplaintClock::Stage, now));
        }
    }
    counted.into_iter().map(|(key, counted)| counted.shown(key)).collect()
}

fn period(start_date: &str, end_date: &str) -> Result<Period, BadField> {
    let (start, end) = (field::date("start_date", start_date)?, field::date("end_date", end_date)?);
    if end < start {
        return Err(BadField::new("end_date", "must not come before start_date"));
    }
    Ok(Period { start, end })
}

/// Refuses a filter that does not parse.
pub(super) fn check_filter(filter: &ComplaintFilter, jurisdiction: &str) -> Result<(), BadField> {
    unit_of("filter.unit", &filter.unit, jurisdiction)?;
    for (field, officer) in [
        ("filter.officer", &filter.officer),
        ("filter.complained_of", &filter.complained_of),
        ("filter.leader", &filter.leader),
        ("filter.supervisor", &filter.supervisor),
    ] {
        if !officer.is_empty() {
            officer_of(field, officer, jurisdiction)?;
        }
    }
    for (field, day) in [
        ("filter.lodged_from_date", &filter.lodged_from_date),
        ("filter.lodged_to_date", &filter.lodged_to_date),
    ] {
        if !day.is_empty() {
            field::date(field, day)?;
        }
    }
    words::<ComplaintStage>("filter.stages", &filter.stages)?;
    words::<AlertColour>("filter.colours", &filter.colours)?;
    words::<ComplaintChannel>("filter.channels", &filter.channels).map(drop)
}

fn words<E: TryFrom<i32> + Copy + Into<i32>>(field: &'static str, given: &[i32]) -> Result<Vec<E>, BadField> {
    given.iter().map(|word| field::enumeration(field, *word)).collect()
}

impl Service {
    /// A filter as the city knows its names.
    pub(super) fn filter(&self, city: &City, asked: &ComplaintFilter) -> Result<Filter, BadField> {
        check_filter(asked, &city.jurisdiction)?;
        let mut nothing = false;
        let mut known = |name: &str| {
            let id = if name.is_empty() { None } else { city.names.find(name) };
            nothing |= id.is_none() && !name.is_empty();
            id
        };
        let day = |day: &str, otherwise: Date| day.parse().unwrap_or(otherwise);
        let days = (day(&asked.lodged_from_date, Date::MIN), day(&asked.lodged_to_date, Date::MAX));
        let oldest = match asked.age_working_days_max {
            0 => i64::MAX,
            oldest => oldest.into(),
        };
        let ages = (i64::from(asked.age_working_days_min), oldest);
        Ok(Filter {
            units: self.units(city, &asked.unit, asked.with_subtree),
            officer: known(&asked.officer),
            complained_of: known(&asked.complained_of),
            leader: known(&asked.leader),
            supervisor: known(&asked.supervisor),
            category: known(&asked.category),
            stages: words("filter.stages", &asked.stages)?,
            colours: words("filter.colours", &asked.colours)?,
            channels: words("filter.channels", &asked.channels)?,
            open_only: asked.open_only,
            ages: (ages != (0, i64::MAX)).then_some(ages),
            days: (days != (Date::MIN, Date::MAX)).then_some(days),
            nothing,
        })
    }

    /// A unit, with those below it if they are asked for; `None`: no unit is asked for.
    fn units(&self, city: &City, unit: &str, with_subtree: bool) -> Option<HashSet<Id>> {
        if unit.is_empty() {
            return None;
        }
        let replica = self.replica.now();
        let units = if with_subtree { replica.subtree(unit) } else { vec![unit] };
        Some(units.into_iter().filter_map(|unit| city.names.find(unit)).filter(|id| *id != NOBODY).collect())
    }

    /// The unit asked for, then each unit directly below it; without one, the roots of the tree.
    fn by_unit(
        &self,
        city: &City,
        unit: &str,
        with_subtree: bool,
        (period, now): (Period, Timestamp),
    ) -> Vec<ComplaintFigures> {
        let below: Vec<String> = self.replica.now().below(unit).map(str::to_owned).collect();
        let asked_for = (!unit.is_empty()).then(|| unit.to_owned());
        let rows = asked_for.into_iter().chain(below).map(|unit| {
            let units = self.units(city, &unit, with_subtree);
            of_units(city, units.as_ref(), period, now).shown(unit)
        });
        rows.collect()
    }
}
