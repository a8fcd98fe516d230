//! Assessors' marks.

use super::*;

pub(super) async fn record_mark(
    service: &Service,
    request: Request<RecordMarkRequest>,
) -> Answer<RecordMarkResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let target = Target::parse(&asked.parent, &asked.unit, &asked.component_id)?;
    let points = field::decimal("points", &asked.points, POINTS_PLACES_MAX)?;
    let call = caller.call(&asked.request_id, &target.cycle.jurisdiction, asked.occurred_at)?;
    let recorded = MarkRecorded {
        cycle: target.cycle.to_string(),
        unit: target.unit.to_string(),
        component_id: target.component_id.clone(),
        points: points.to_string(),
    };
    let prepare = |fresh| record(service, &target, &recorded, points, fresh);
    let answer = |mark: &_| RecordMarkResponse { mark: target.resource(mark), ..Default::default() };
    service.marks.execute_guarded(&call, &target.stream(), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn revise_mark(
    service: &Service,
    request: Request<ReviseMarkRequest>,
) -> Answer<ReviseMarkResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let target = Target::parse(&asked.parent, &asked.unit, &asked.component_id)?;
    let points = field::decimal("points", &asked.points, POINTS_PLACES_MAX)?;
    let call = caller.call(&asked.request_id, &target.cycle.jurisdiction, asked.occurred_at)?;
    let revised = MarkRevised {
        cycle: target.cycle.to_string(),
        unit: target.unit.to_string(),
        component_id: target.component_id.clone(),
        points: points.to_string(),
        reason: field::text("reason", &asked.reason, REASON_LENGTH_MAX)?,
    };
    let prepare = |fresh| revise(service, &target, &revised, points, fresh);
    let answer = |mark: &_| ReviseMarkResponse { mark: target.resource(mark), ..Default::default() };
    service.marks.execute_guarded(&call, &target.stream(), prepare, |decided| answer(decided.after)).await
}

pub(super) async fn list_marks(
    service: &Service,
    request: Request<ListMarksRequest>,
) -> Answer<ListMarksResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let only = UnitName::parse_optional("unit", &asked.unit)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{}/", cycle.key());
    let marks = model.marks.with_prefix(&prefix).filter_map(|(key, loaded)| {
        let (unit, component_id) = key[prefix.len()..].split_once('/')?;
        let unit = UnitName { jurisdiction: cycle.jurisdiction.clone(), unit: unit.to_owned() };
        let wanted = only.as_ref().is_none_or(|only| *only == unit);
        wanted.then(|| Some((key.to_owned(), resource::mark(loaded, &cycle, &unit, component_id)?)))?
    });
    let (marks, next_page_token) = pages::page(marks, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListMarksResponse { marks, next_page_token }))
}

/// What is marked.
struct Target {
    cycle: CycleName,
    unit: UnitName,
    component_id: String,
}

impl Target {
    fn parse(cycle: &str, unit: &str, component_id: &str) -> Result<Self, BadField> {
        let cycle = CycleName::parse("parent", cycle)?;
        let unit = UnitName::parse("unit", unit)?;
        field::same_jurisdiction("unit", &unit.jurisdiction, &cycle.jurisdiction)?;
        Ok(Self { cycle, unit, component_id: field::id("component_id", component_id)? })
    }

    fn stream(&self) -> StreamId {
        stream::<mark::Mark>(format!("{}/{}/{}", self.cycle.key(), self.unit.unit, self.component_id))
    }

    fn resource(&self, mark: &Loaded<mark::Mark>) -> Option<Mark> {
        resource::mark(mark, &self.cycle, &self.unit, &self.component_id)
    }
}

async fn record(
    service: &Service,
    target: &Target,
    mark: &MarkRecorded,
    points: Decimal,
    fresh: bool,
) -> Prepared<mark::Mark> {
    let (max_points, guard) = max_points(service, target, fresh).await?;
    Ok((mark::Command::Record { mark: mark.clone(), points, max_points }, vec![guard]))
}

async fn revise(
    service: &Service,
    target: &Target,
    mark: &MarkRevised,
    points: Decimal,
    fresh: bool,
) -> Prepared<mark::Mark> {
    let (max_points, guard) = max_points(service, target, fresh).await?;
    Ok((mark::Command::Revise { mark: mark.clone(), points, max_points }, vec![guard]))
}

/// The most points that the assessor may give, with the guard that the cycle stays open.
async fn max_points(service: &Service, target: &Target, fresh: bool) -> Result<(Decimal, Guard), Failed> {
    let cycle = service.open_cycle(&target.cycle, fresh).await?;
    cycle.with_unit(&target.unit.to_string())?;
    let max_points = cycle.component(&target.component_id, "assessor")?.max_points;
    Ok((max_points, cycle.guard))
}
