//! Targets and actuals of indicators.

use super::*;
use crate::domain::indicator;

pub(super) async fn set_target(
    service: &Service,
    request: Request<SetIndicatorTargetRequest>,
) -> Answer<SetIndicatorTargetResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let target = Target::parse(&asked.parent, &asked.unit, &asked.component_id, &asked.indicator_id)?;
    let value = field::decimal("target", &asked.target, POINTS_PLACES_MAX)?;
    let call = caller.call(&asked.request_id, &target.cycle.jurisdiction, asked.occurred_at)?;
    let set = IndicatorTargetSet {
        cycle: target.cycle.to_string(),
        unit: target.unit.to_string(),
        component_id: target.component_id.clone(),
        indicator_id: target.indicator_id.clone(),
        target: value.to_string(),
    };
    let prepare = |fresh| prepare_target(service, &target, &set, value, fresh);
    let answer =
        |loaded: &_| SetIndicatorTargetResponse { figure: target.resource(loaded), ..Default::default() };
    service
        .indicators
        .execute_guarded(&call, &target.stream(), prepare, |decided| answer(decided.after))
        .await
}

pub(super) async fn report(
    service: &Service,
    request: Request<ReportIndicatorRequest>,
) -> Answer<ReportIndicatorResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let target = Target::parse(&asked.parent, &asked.unit, &asked.component_id, &asked.indicator_id)?;
    let value = field::decimal("actual", &asked.actual, POINTS_PLACES_MAX)?;
    let call = caller.call(&asked.request_id, &target.cycle.jurisdiction, asked.occurred_at)?;
    let reported = IndicatorReported {
        cycle: target.cycle.to_string(),
        unit: target.unit.to_string(),
        component_id: target.component_id.clone(),
        indicator_id: target.indicator_id.clone(),
        actual: value.to_string(),
    };
    let prepare = |fresh| prepare_report(service, &target, &reported, value, fresh);
    let answer =
        |loaded: &_| ReportIndicatorResponse { figure: target.resource(loaded), ..Default::default() };
    service
        .indicators
        .execute_guarded(&call, &target.stream(), prepare, |decided| answer(decided.after))
        .await
}

pub(super) async fn list_figures(
    service: &Service,
    request: Request<ListIndicatorFiguresRequest>,
) -> Answer<ListIndicatorFiguresResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let cycle = CycleName::parse("parent", &asked.parent)?;
    let only = UnitName::parse_optional("unit", &asked.unit)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{}/", cycle.key());
    let figures = model.indicators.with_prefix(&prefix).flat_map(|(key, loaded)| {
        let (unit, component_id) = key[prefix.len()..].split_once('/').unwrap_or_default();
        let unit = UnitName { jurisdiction: cycle.jurisdiction.clone(), unit: unit.to_owned() };
        let wanted = only.as_ref().is_none_or(|only| *only == unit);
        let ids: Vec<_> = if wanted { loaded.state.0.keys().cloned().collect() } else { vec![] };
        let (cycle, component_id) = (cycle.clone(), component_id.to_owned());
        ids.into_iter().filter_map(move |indicator_id| {
            let (cycle, unit, component_id) = (cycle.clone(), unit.clone(), component_id.clone());
            let shown = Target { cycle, unit, component_id, indicator_id };
            Some((format!("{key}/{}", shown.indicator_id), shown.resource(loaded)?))
        })
    });
    let (figures, next_page_token) = pages::page(figures, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListIndicatorFiguresResponse { figures, next_page_token }))
}

/// Which indicator of which unit.
struct Target {
    cycle: CycleName,
    unit: UnitName,
    component_id: String,
    indicator_id: String,
}

impl Target {
    fn parse(cycle: &str, unit: &str, component_id: &str, indicator_id: &str) -> Result<Self, BadField> {
        let cycle = CycleName::parse("parent", cycle)?;
        let unit = UnitName::parse("unit", unit)?;
        field::same_jurisdiction("unit", &unit.jurisdiction, &cycle.jurisdiction)?;
        let component_id = field::id("component_id", component_id)?;
        Ok(Self { cycle, unit, component_id, indicator_id: field::id("indicator_id", indicator_id)? })
    }

    fn stream(&self) -> StreamId {
        stream::<indicator::Indicator>(format!(
            "{}/{}/{}",
            self.cycle.key(),
            self.unit.unit,
            self.component_id
        ))
    }

    fn resource(&self, loaded: &Loaded<indicator::Indicator>) -> Option<IndicatorFigure> {
        let figure = loaded.state.0.get(&self.indicator_id)?;
        let (create_time, update_time, etag) = resource::times(loaded.stamp(&self.indicator_id));
        Some(IndicatorFigure {
            cycle: self.cycle.to_string(),
            unit: self.unit.to_string(),
            component_id: self.component_id.clone(),
            indicator_id: self.indicator_id.clone(),
            target: figure.target.clone(),
            actual: figure.actual.clone(),
            create_time,
            update_time,
            etag,
        })
    }
}

async fn prepare_target(
    service: &Service,
    target: &Target,
    set: &IndicatorTargetSet,
    value: Decimal,
    fresh: bool,
) -> Prepared<indicator::Indicator> {
    let (offered, guard) = offered(service, target, fresh).await?;
    Ok((indicator::Command::SetTarget { set: set.clone(), value, offered }, vec![guard]))
}

async fn prepare_report(
    service: &Service,
    target: &Target,
    reported: &IndicatorReported,
    value: Decimal,
    fresh: bool,
) -> Prepared<indicator::Indicator> {
    let (offered, guard) = offered(service, target, fresh).await?;
    Ok((indicator::Command::Report { reported: reported.clone(), value, offered }, vec![guard]))
}

/// Whether the component has the indicator, with the guard that the cycle stays open.
async fn offered(service: &Service, target: &Target, fresh: bool) -> Result<(bool, Guard), Failed> {
    let cycle = service.open_cycle(&target.cycle, fresh).await?;
    cycle.with_unit(&target.unit.to_string())?;
    let Method::Indicator(indicators) = &cycle.component(&target.component_id, "indicator")?.method else {
        return Err(Failure::Internal.into());
    };
    let offered = indicators.iter().any(|indicator| indicator.indicator_id == target.indicator_id);
    Ok((offered, cycle.guard))
}
