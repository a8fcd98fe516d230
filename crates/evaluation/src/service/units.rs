//! The unit register.

use super::*;

pub(super) async fn register_unit(
    service: &Service,
    request: Request<RegisterUnitRequest>,
) -> Answer<RegisterUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let unit = UnitName { unit: field::id("unit_id", &asked.unit_id)?, jurisdiction };
    let registered = UnitRegistered {
        unit: unit.to_string(),
        title: field::text("title", &asked.title, TITLE_LENGTH_MAX)?,
        kind: field::enumeration::<UnitKind>("kind", asked.kind)?.into(),
        parent: unit_above(&asked.parent_unit, &unit)?,
        grassroots: asked.grassroots,
        speciality: field::optional_text("speciality", &asked.speciality, 63)?,
    };
    let call = caller.call(&asked.request_id, &unit.jurisdiction, asked.occurred_at)?;
    let command = unit_register::Command::Register(registered);
    let answer =
        |register: &_| RegisterUnitResponse { unit: resource::unit(register, &unit), ..Default::default() };
    service.registers.execute(&call, &register(&unit), command, |decided| answer(decided.after)).await
}

pub(super) async fn rename_unit(
    service: &Service,
    request: Request<RenameUnitRequest>,
) -> Answer<RenameUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let unit = UnitName::parse("name", &asked.name)?;
    let title = field::text("title", &asked.title, TITLE_LENGTH_MAX)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &unit.jurisdiction, asked.occurred_at)?;
    let command = unit_register::Command::Rename { unit: unit.to_string(), title, expected };
    let answer =
        |register: &_| RenameUnitResponse { unit: resource::unit(register, &unit), ..Default::default() };
    service.registers.execute(&call, &register(&unit), command, |decided| answer(decided.after)).await
}

pub(super) async fn move_unit(
    service: &Service,
    request: Request<MoveUnitRequest>,
) -> Answer<MoveUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let unit = UnitName::parse("name", &asked.name)?;
    let parent = unit_above(&asked.parent_unit, &unit)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &unit.jurisdiction, asked.occurred_at)?;
    let command = unit_register::Command::Move { unit: unit.to_string(), parent, expected };
    let answer =
        |register: &_| MoveUnitResponse { unit: resource::unit(register, &unit), ..Default::default() };
    service.registers.execute(&call, &register(&unit), command, |decided| answer(decided.after)).await
}

pub(super) async fn retire_unit(
    service: &Service,
    request: Request<RetireUnitRequest>,
) -> Answer<RetireUnitResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let unit = UnitName::parse("name", &asked.name)?;
    let reason = field::text("reason", &asked.reason, REASON_LENGTH_MAX)?;
    let expected = field::etag(&asked.etag)?;
    let call = caller.call(&asked.request_id, &unit.jurisdiction, asked.occurred_at)?;
    let command = unit_register::Command::Retire { unit: unit.to_string(), reason, expected };
    let answer =
        |register: &_| RetireUnitResponse { unit: resource::unit(register, &unit), ..Default::default() };
    service.registers.execute(&call, &register(&unit), command, |decided| answer(decided.after)).await
}

pub(super) async fn get_unit(service: &Service, request: Request<GetUnitRequest>) -> Answer<GetUnitResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = UnitName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let unit = model.registers.get(&name.jurisdiction).and_then(|register| resource::unit(register, &name));
    Ok(Response::new(GetUnitResponse { unit: Some(unit.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_units(
    service: &Service,
    request: Request<ListUnitsRequest>,
) -> Answer<ListUnitsResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let parent = JurisdictionName::parse("parent", &asked.parent)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let Some(register) = model.registers.get(&parent.jurisdiction) else {
        return Ok(Response::new(ListUnitsResponse::default()));
    };
    let listed = register.state.units().filter(|(_, unit)| asked.include_retired || !unit.retired);
    let names = listed.filter_map(|(name, _)| UnitName::parse("name", name).ok());
    let units = names.filter_map(|name| Some((name.to_string(), resource::unit(register, &name)?)));
    let (units, next_page_token) = pages::page(units, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListUnitsResponse { units, next_page_token }))
}

/// The register that a unit stands in.
pub(super) fn register(unit: &UnitName) -> StreamId {
    stream::<unit_register::UnitRegister>(&unit.jurisdiction)
}

/// The unit above, of the same jurisdiction; empty: none.
fn unit_above(parent: &str, unit: &UnitName) -> Result<String, BadField> {
    let Some(above) = UnitName::parse_optional("parent_unit", parent)? else { return Ok(String::new()) };
    field::same_jurisdiction("parent_unit", &above.jurisdiction, &unit.jurisdiction)?;
    Ok(above.to_string())
}
