//! Schemes and their versions.

use super::*;

pub(super) async fn draft_scheme(
    service: &Service,
    request: Request<DraftSchemeRequest>,
) -> Answer<DraftSchemeResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    let name = SchemeName { scheme: field::id("scheme_id", &asked.scheme_id)?, jurisdiction };
    let rules = asked.rules.ok_or_else(|| BadField::new("rules", "must be given"))?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = scheme::Command::Draft { scheme: name.to_string(), rules };
    let answer =
        |scheme: &_| DraftSchemeResponse { scheme: resource::scheme(scheme, &name, 0), ..Default::default() };
    let stream = stream::<scheme::Scheme>(name.key());
    service.schemes.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) async fn publish_scheme(
    service: &Service,
    request: Request<PublishSchemeRequest>,
) -> Answer<PublishSchemeResponse> {
    let (caller, asked) = receive(request, &service.clock)?;
    let name = SchemeName::parse("name", &asked.name)?;
    let call = caller.call(&asked.request_id, &name.jurisdiction, asked.occurred_at)?;
    let command = scheme::Command::Publish { scheme: name.to_string() };
    let answer = |scheme: &_| PublishSchemeResponse {
        scheme: resource::scheme(scheme, &name, 0),
        ..Default::default()
    };
    let stream = stream::<scheme::Scheme>(name.key());
    service.schemes.execute(&call, &stream, command, |decided| answer(decided.after)).await
}

pub(super) fn check_scheme(request: Request<CheckSchemeRequest>) -> Answer<CheckSchemeResponse> {
    let rules = request.into_inner().rules.ok_or_else(|| BadField::new("rules", "must be given"))?;
    Ok(Response::new(CheckSchemeResponse { faults: resource::faults(&rules) }))
}

pub(super) async fn get_scheme(
    service: &Service,
    request: Request<GetSchemeRequest>,
) -> Answer<GetSchemeResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let name = SchemeName::parse("name", &asked.name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let found = model.schemes.get(&name.key()).and_then(|loaded| {
        let (scheme_version, _) = loaded.state.version(asked.scheme_version)?;
        resource::scheme(loaded, &name, scheme_version)
    });
    Ok(Response::new(GetSchemeResponse { scheme: Some(found.ok_or_else(|| Failure::not_found(&name))?) }))
}

pub(super) async fn list_schemes(
    service: &Service,
    request: Request<ListSchemesRequest>,
) -> Answer<ListSchemesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let JurisdictionName { jurisdiction } = JurisdictionName::parse("parent", &asked.parent)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let prefix = format!("{jurisdiction}/");
    let schemes = model.schemes.with_prefix(&prefix).flat_map(|(key, loaded)| {
        let name = SchemeName { jurisdiction: jurisdiction.clone(), scheme: key[prefix.len()..].to_owned() };
        let numbers: Vec<_> = loaded.state.versions().map(|(number, _)| number).collect();
        let shown =
            move |number| Some((format!("{key}/{number:010}"), resource::scheme(loaded, &name, number)?));
        numbers.into_iter().filter_map(shown)
    });
    let (schemes, next_page_token) = pages::page(schemes, asked.page_size, &asked.page_token)?;
    Ok(Response::new(ListSchemesResponse { schemes, next_page_token }))
}

pub(super) async fn compare_schemes(
    service: &Service,
    request: Request<CompareSchemesRequest>,
) -> Answer<CompareSchemesResponse> {
    let patience = patience(&request);
    let asked = request.into_inner();
    let one = SchemeName::parse("name", &asked.name)?;
    let other = SchemeName::parse("other_name", &asked.other_name)?;
    service.reads.wait(&asked.consistency_token, patience).await?;
    let model = service.reads.now();
    let rules = |name: &SchemeName, scheme_version| {
        let found = model.schemes.get(&name.key());
        let found = found.and_then(|loaded| resource::scheme(loaded, name, scheme_version)?.rules);
        found.ok_or_else(|| Failure::not_found(name))
    };
    let (one, other) = (rules(&one, asked.scheme_version)?, rules(&other, asked.other_scheme_version)?);
    let difference = |difference: scoring::scheme::Difference| SchemeDifference {
        path: difference.path,
        value: difference.value,
        other_value: difference.other_value,
    };
    let differences = scoring::scheme::differences(&one, &other).into_iter().map(difference).collect();
    Ok(Response::new(CompareSchemesResponse { differences }))
}
