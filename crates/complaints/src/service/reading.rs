//! Reading complaints: one, by filter, by due time, repeated ones, the history of one.

use super::figures::check_filter;
use super::*;
use crate::history;
use crate::read_model::{City, Filter};

/// A running clock's place in the list: when it is due, its row, which clock.
type Place = (Timestamp, u32, u8);

pub(super) async fn get_complaint(
    service: &Service,
    request: Request<GetComplaintRequest>,
) -> Answer<GetComplaintResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = ComplaintName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let complaint = service.shown(&name).await?.ok_or_else(|| Failure::not_found(&name))?;
    Ok(Response::new(GetComplaintResponse { complaint: Some(complaint) }))
}

pub(super) async fn list_complaints(
    service: &Service,
    request: Request<ListComplaintsRequest>,
) -> Answer<ListComplaintsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let from = asked_from(&asked.page_token)?;
    let size = field::page_size(asked.page_size, pages::PAGE_SIZE_MAX);
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let (names, next_page_token) = {
        let model = service.reads.now();
        let Some(city) = model.city(&jurisdiction) else {
            check_filter(&asked.filter.unwrap_or_default(), &jurisdiction)?;
            return Ok(Response::new(ListComplaintsResponse::default()));
        };
        let filter = service.filter(city, &asked.filter.unwrap_or_default())?;
        let mut found = city.find(&filter, from, now);
        let page: Vec<u32> = found.by_ref().take(size).collect();
        let more = found.next().is_some();
        let next = page.last().filter(|_| more).map(|last| format!("after:{last}")).unwrap_or_default();
        let names = page.iter().filter_map(|row| Some(city.name(city.row(*row)?)));
        (names.collect::<Vec<_>>(), next)
    };
    let complaints = service.shown_all(&jurisdiction, &names).await?;
    Ok(Response::new(ListComplaintsResponse { complaints, next_page_token }))
}

pub(super) async fn list_due_complaints(
    service: &Service,
    request: Request<ListDueComplaintsRequest>,
) -> Answer<ListDueComplaintsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    if asked.working_days > DUE_WITHIN_MAX {
        let message = format!("must be at most {DUE_WITHIN_MAX}");
        return Err(BadField::new("working_days", message).into());
    }
    let clock =
        ComplaintClock::try_from(asked.clock).map_err(|_| BadField::new("clock", "must be a clock"))?;
    let after = asked_after(&asked.page_token)?;
    let size = field::page_size(asked.page_size, pages::PAGE_SIZE_MAX);
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let (page, next_page_token) = {
        let model = service.reads.now();
        let Some(city) = model.city(&jurisdiction) else {
            check_filter(&asked.filter.unwrap_or_default(), &jurisdiction)?;
            return Ok(Response::new(ListDueComplaintsResponse::default()));
        };
        let filter = service.filter(city, &asked.filter.unwrap_or_default())?;
        let (page, next) = due_page(city, &filter, (clock, asked.working_days), (after, size), now);
        let page = page.into_iter().filter_map(|(due, row, mark)| {
            Some((city.name(city.row(row)?), clock_of(mark), resource::timer(&city.working_days, due, now)))
        });
        (page.collect::<Vec<_>>(), next)
    };
    let names: Vec<_> = page.iter().map(|(name, ..)| name.clone()).collect();
    let shown = service.shown_all(&jurisdiction, &names).await?;
    let due = shown.into_iter().zip(page).map(|(complaint, (_, clock, timer))| DueComplaint {
        complaint: Some(complaint),
        clock: clock.into(),
        timer: Some(timer),
    });
    Ok(Response::new(ListDueComplaintsResponse { due_complaints: due.collect(), next_page_token }))
}

pub(super) async fn list_repeats(
    service: &Service,
    request: Request<ListRepeatsRequest>,
) -> Answer<ListRepeatsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let skipped = asked_from(&asked.page_token)?;
    let size = field::page_size(asked.page_size, pages::PAGE_SIZE_MAX);
    service.reads.wait(&asked.consistency_token, patience).await?;
    let now = (service.clock)();
    let model = service.reads.now();
    let Some(city) = model.city(&jurisdiction) else {
        check_filter(&asked.filter.unwrap_or_default(), &jurisdiction)?;
        return Ok(Response::new(ListRepeatsResponse::default()));
    };
    let filter = service.filter(city, &asked.filter.unwrap_or_default())?;
    let matching = city.groups().filter(|(first, _)| city.matches(&filter, *first, now));
    let mut rest = matching.skip(usize::try_from(skipped).unwrap_or(usize::MAX));
    let name_of = |row: u32| city.row(row).map(|row| city.name(row).to_string()).unwrap_or_default();
    let groups = rest.by_ref().take(size).filter_map(|(first, group)| {
        let last = city.row(group.repeats.last().copied().unwrap_or(first))?;
        Some(RepeatGroup {
            first: name_of(first),
            repeats: group.repeats.iter().map(|row| name_of(*row)).collect(),
            reopenings: group.reopenings,
            unit: city.names.name(last.unit).to_owned(),
            category: city.names.name(city.row(first)?.category).to_owned(),
        })
    });
    let groups: Vec<_> = groups.collect();
    let shown = usize::try_from(skipped).unwrap_or(usize::MAX) + groups.len();
    let next_page_token =
        if rest.next().is_some() { format!("after:{}", shown.saturating_sub(1)) } else { String::new() };
    Ok(Response::new(ListRepeatsResponse { groups, next_page_token }))
}

pub(super) async fn list_complaint_history(
    service: &Service,
    request: Request<ListComplaintHistoryRequest>,
) -> Answer<ListComplaintHistoryResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = ComplaintName::parse("parent", &asked.parent)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let events = service.events_of(&stream_of(&name)).await?;
    if events.is_empty() {
        return Err(Failure::not_found(&name).into());
    }
    let lines = events.into_iter().filter_map(|event| {
        let history::Told { text, vault_keys } = history::told(&event)?;
        let line = HistoryLine {
            position: event.position,
            event_id: event.event_id.to_string(),
            event_type: event.event_type.rsplit('.').next().unwrap_or_default().to_owned(),
            occurred_at: Some(to_wire(event.occurred_at)),
            recorded_at: Some(to_wire(event.recorded_at)),
            actor: event.actor,
            text,
            vault_keys,
        };
        Some((format!("{:010}", event.stream_version), line))
    });
    let (lines, next_page_token) = pages::page(lines, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListComplaintHistoryResponse { lines, next_page_token }))
}

/// A page of running clocks, soonest first.
fn due_page(
    city: &City,
    filter: &Filter,
    (clock, working_days): (ComplaintClock, u32),
    (after, size): (Option<Place>, usize),
    now: Timestamp,
) -> (Vec<Place>, String) {
    let last = i64::from(working_days);
    let due: Box<dyn Iterator<Item = Place>> = if city.is_narrow(filter) {
        Box::new(city.due_of(filter, after, now))
    } else {
        Box::new(city.due(after).filter(|(_, row, _)| city.matches(filter, *row, now)))
    };
    let within = due
        .take_while(|(due, ..)| *due <= now || city.working_days.left(*due, now) <= last)
        .filter(|(.., mark)| clock == ComplaintClock::Unspecified || clock == clock_of(*mark));
    let mut page: Vec<Place> = within.take(size + 1).collect();
    let more = page.len() > size;
    page.truncate(size);
    let next = page.last().filter(|_| more).map(|(due, row, mark)| {
        let at = due.as_nanosecond();
        format!("after:{at}.{row}.{mark}")
    });
    (page, next.unwrap_or_default())
}

fn clock_of(mark: u8) -> ComplaintClock {
    if mark == 0 { ComplaintClock::Stage } else { ComplaintClock::Case }
}

/// The place after which a page begins.
fn asked_after(page_token: &str) -> Result<Option<Place>, BadField> {
    if page_token.is_empty() {
        return Ok(None);
    }
    let parse = || {
        let mut parts = page_token.strip_prefix("after:")?.split('.');
        let at = Timestamp::from_nanosecond(parts.next()?.parse().ok()?).ok()?;
        Some((at, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    parse().map(Some).ok_or_else(bad_token)
}

/// The number with which a page begins.
fn asked_from(page_token: &str) -> Result<u32, BadField> {
    if page_token.is_empty() {
        return Ok(0);
    }
    let after = page_token.strip_prefix("after:").and_then(|after| after.parse::<u32>().ok());
    after.and_then(|after| after.checked_add(1)).ok_or_else(bad_token)
}

fn bad_token() -> BadField {
    BadField::new("page_token", "must be a token as the page before answered it")
}

impl Service {
    /// A complaint as it is now; `None`: never lodged.
    async fn shown(&self, name: &ComplaintName) -> Result<Option<Complaint>, Failure> {
        let loaded = self.complaints.load(&stream_of(name), true).await.map_err(Failed::into_failure)?;
        let calendar = self.calendar(&name.jurisdiction).await?;
        Ok(resource::complaint(&loaded, name, &calendar.state.working_days, (self.clock)()))
    }

    /// Complaints of a jurisdiction as they are now.
    async fn shown_all(
        &self,
        jurisdiction: &str,
        names: &[ComplaintName],
    ) -> Result<Vec<Complaint>, Failure> {
        let streams: Vec<_> = names.iter().map(stream_of).collect();
        let loaded = self.complaints.load_all(&streams).await.map_err(Failed::into_failure)?;
        let (calendar, now) = (self.calendar(jurisdiction).await?, (self.clock)());
        let shown = names.iter().zip(&loaded).map(|(name, loaded)| {
            resource::complaint(loaded, name, &calendar.state.working_days, now).ok_or(Failure::Internal)
        });
        shown.collect()
    }
}
