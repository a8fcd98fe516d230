//! Entries of ledger components and of the daily assessment.

use super::*;

pub(super) async fn record_entry(
    service: &Service,
    request: Request<RecordEntryRequest>,
) -> Answer<RecordEntryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let unit = UnitName::parse("unit", &asked.unit)?;
    field::same_jurisdiction("unit", &unit.jurisdiction, &cycle.jurisdiction)?;
    let name = EntryName {
        jurisdiction: cycle.jurisdiction.clone(),
        cycle: cycle.cycle.clone(),
        unit: unit.unit.clone(),
        entry: field::id("entry_id", &asked.entry_id)?,
    };
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let points = field::decimal("points", &asked.points, ENTRY_PLACES_MAX)?;
    let entry_date = match asked.entry_date.as_str() {
        "" => field::day_of(call.metadata.occurred_at),
        day => field::date("entry_date", day)?,
    };
    let entry = EntryRecorded {
        cycle: cycle.to_string(),
        unit: unit.to_string(),
        entry_id: name.entry.clone(),
        target: Some(target(&asked)?),
        points: points.to_string(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
        cause_event_id: String::new(),
        entry_date: entry_date.to_string(),
        recorded_by: caller.actor.clone(),
        ..EntryRecorded::default()
    };
    let prepare = |fresh| prepare(service, &cycle, &entry, points, fresh);
    let answer =
        |entries: &_| RecordEntryResponse { entry: resource::entry(entries, &name), ..Default::default() };
    service
        .daily_assessments
        .execute_guarded(&call, &stream_of(&name), prepare, |decided| answer(decided.after))
        .await
}

pub(super) async fn reverse_entry(
    service: &Service,
    request: Request<ReverseEntryRequest>,
) -> Answer<ReverseEntryResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = EntryName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let (cycle, unit) = owners(&name);
    let reversed = EntryReversed {
        cycle: cycle.to_string(),
        unit: unit.to_string(),
        entry_id: name.entry.clone(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
        cause_event_id: String::new(),
    };
    let command = daily_assessment::Command::Reverse(reversed);
    let answer =
        |entries: &_| ReverseEntryResponse { entry: resource::entry(entries, &name), ..Default::default() };
    service
        .daily_assessments
        .execute(&call, &stream_of(&name), command, |decided| answer(decided.after))
        .await
}

pub(super) async fn list_entries(
    service: &Service,
    request: Request<ListEntriesRequest>,
) -> Answer<ListEntriesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let only = UnitName::parse_optional("unit", &asked.unit)?;
    let asked_for = Wanted::parse(&asked)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{}/", cycle.key());
    let units = model.daily_assessments.with_prefix(&prefix);
    let wanted = units.filter(|(key, _)| only.as_ref().is_none_or(|only| key[prefix.len()..] == only.unit));
    let entries = wanted.flat_map(|(key, loaded)| {
        let (cycle, asked_for) = (&cycle, &asked_for);
        loaded.state.entries().filter_map(move |entry| {
            let name = EntryName {
                jurisdiction: cycle.jurisdiction.clone(),
                cycle: cycle.cycle.clone(),
                unit: key.rsplit('/').next()?.to_owned(),
                entry: entry.recorded.entry_id.clone(),
            };
            let entry = resource::entry(loaded, &name)?;
            asked_for.is(&entry).then(|| (name.key(), entry))
        })
    });
    let (entries, next_page_token) = pages::page(entries, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListEntriesResponse { entries, next_page_token }))
}

/// Which entries are listed.
struct Wanted<'a> {
    asked: &'a ListEntriesRequest,
    days: Days<'a>,
}

impl<'a> Wanted<'a> {
    fn parse(asked: &'a ListEntriesRequest) -> Result<Self, BadField> {
        known::<TariffCause>("cause", asked.cause)?;
        known::<ContestState>("contest", asked.contest)?;
        let days = Days::parse("date_from", &asked.date_from, "date_until", &asked.date_until)?;
        Ok(Self { asked, days })
    }

    fn is(&self, entry: &Entry) -> bool {
        let Self { asked, days } = self;
        (asked.include_reversed || !entry.reversed)
            && (asked.source_id.is_empty() || asked.source_id == entry.source_id)
            && (asked.component_id.is_empty() || asked.component_id == entry.component_id)
            && (asked.cause == 0 || asked.cause == entry.cause)
            && (asked.cause_thing.is_empty() || asked.cause_thing == entry.cause_thing)
            && (asked.contest == 0 || asked.contest == entry.contest)
            && days.contain(&entry.entry_date)
    }
}

/// The command that records `entry`, if its cycle admits it, with the guard that the cycle stays open.
pub(crate) async fn prepare(
    service: &Service,
    cycle: &CycleName,
    entry: &EntryRecorded,
    points: Decimal,
    fresh: bool,
) -> Prepared<daily_assessment::DailyAssessment> {
    let cycle = service.open_cycle(cycle, fresh).await?;
    let terms = &cycle.with_unit(&entry.unit)?.terms;
    let period = (terms.start_date.clone(), terms.end_date.clone());
    match &entry.target {
        Some(Target::ComponentId(component_id)) => drop(cycle.component(component_id, "ledger")?),
        Some(Target::SourceId(source_id)) => cycle.check_source(source_id)?,
        None => {}
    }
    Ok((daily_assessment::Command::Record { entry: entry.clone(), points, period }, vec![cycle.guard]))
}

/// The stream that a unit's entries lie in.
pub(crate) fn stream_of(name: &EntryName) -> StreamId {
    stream::<daily_assessment::DailyAssessment>(format!("{}/{}/{}", name.jurisdiction, name.cycle, name.unit))
}

pub(crate) fn owners(name: &EntryName) -> (CycleName, UnitName) {
    let cycle = CycleName { jurisdiction: name.jurisdiction.clone(), cycle: name.cycle.clone() };
    (cycle, UnitName { jurisdiction: name.jurisdiction.clone(), unit: name.unit.clone() })
}

fn target(asked: &RecordEntryRequest) -> Result<Target, BadField> {
    match (asked.component_id.as_str(), asked.source_id.as_str()) {
        ("", "") => Err(BadField::new("component_id", "either this or source_id must be given")),
        (component_id, "") => Ok(Target::ComponentId(field::id("component_id", component_id)?)),
        ("", source_id) => Ok(Target::SourceId(field::id("source_id", source_id)?)),
        _ => Err(BadField::new("source_id", "must be empty where component_id is given")),
    }
}
